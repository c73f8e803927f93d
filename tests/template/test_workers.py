"""The functions that read queues and streams."""

import json
import re

from benchmarks import declared
from chalicelib.delivery.worker import TASKS
from chalicelib.edge.batch import QUICK_ATTEMPTS
from stack.judge.resolve import HERE, PARAMETERS, resolver
from stack.local.sources import rate_seconds
from tests.template.packaged import FUNCTIONS, QUEUES, TEMPLATE, events


def test_the_overflow_queue_survives_days_without_the_table() -> None:
    queue = QUEUES["OverflowQueue"]
    slow_attempts = queue["RedrivePolicy"]["maxReceiveCount"] - QUICK_ATTEMPTS
    assert queue["VisibilityTimeout"] * slow_attempts >= 4 * 24 * 3600


JOBS = {"RunJob", "RunAddressJob"}


def test_workers_leave_capacity_for_signing_in_a_new_account() -> None:
    bounds = {name: declared.maximum_concurrency(name) for name in events("SQS")}
    # Staff start jobs one at a time for each petition, and rarely during a spike.
    assert {bounds.pop(job) for job in JOBS} == {4}
    # While many emails to confirm wait, the source of other email is off (mail/sending.py). So SendMail and
    # SendOtherMail are never both fully busy.
    del bounds["SendOtherMail"]
    assert sum(bounds.values()) <= 7
    # Lambda keeps 100 executions unreserved. A new account has too few for a reservation.
    assert not any("ReservedConcurrentExecutions" in function for function in FUNCTIONS.values())


def test_no_worker_asks_for_more_messages_than_lambda_allows() -> None:
    for source in events("SQS").values():
        assert 1 <= source["BatchSize"] <= (10_000 if source.get("MaximumBatchingWindowInSeconds") else 10)


def test_scheduled_runs_that_lambda_cannot_start_do_not_pile_up() -> None:
    """Without the setting, Lambda keeps them for six hours: 360 runs of CheckMail would start together."""
    scheduled = {"CheckMail": 60, "RecountTallies": 6 * 3_600}
    assert events("Schedule").keys() == scheduled.keys()
    for function, seconds_between_runs in scheduled.items():
        schedules = [event["Properties"]["Schedule"] for event in FUNCTIONS[function]["Events"].values()]
        assert min(rate_seconds(schedule) for schedule in schedules) == seconds_between_runs
        # Lambda accepts from one minute to six hours.
        assert 60 <= FUNCTIONS[function]["EventInvokeConfig"]["MaximumEventAgeInSeconds"] <= seconds_between_runs
    # Lambda would repeat a failed run after a minute, together with the next run.
    assert FUNCTIONS["CheckMail"]["EventInvokeConfig"]["MaximumRetryAttempts"] == 0


def test_each_task_of_check_mail_has_a_schedule() -> None:
    events_of_tasks = [event["Properties"] for event in FUNCTIONS["CheckMail"]["Events"].values()]
    assert {json.loads(event["Input"])["task"] for event in events_of_tasks} == TASKS.keys()


def test_after_a_restore_by_hand_both_readers_read_the_new_stream() -> None:
    """CloudFormation keeps the ARN of the stream that it created (docs/runbook.md, "A whole table is gone")."""
    arn = HERE.arn("dynamodb", "table/petitions-prod-SignaturesTable-1X/stream/2026-11-25T20:00:00.000")
    assert re.fullmatch(TEMPLATE["Parameters"]["SignaturesStreamArn"]["AllowedPattern"], arn)
    streams = [source["Stream"] for source in events("DynamoDB").values()]
    assert resolver({**PARAMETERS, "SignaturesStreamArn": arn}).value(streams) == [arn, arn]
    stream_of_table = resolver().value({"Fn::GetAtt": ["SignaturesTable", "StreamArn"]})
    assert resolver().value(streams) == [stream_of_table, stream_of_table]
