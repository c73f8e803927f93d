"""Stream functions that fail on the emulator, with the event source settings of the template."""

import json
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from stack.aws import Cloud
from tests.emulated import eventually
from tests.strict.conftest import create_function

# Functions that fail on the record "poison", and log which records came.
RAISING_CODE = """
def handler(event, context):
    names = [record["dynamodb"]["Keys"]["pk"]["S"] for record in event["Records"]]
    print("came " + ",".join(names))
    if "poison" in names:
        raise ValueError("poison")
"""
REPORTING_CODE = """
def handler(event, context):
    records = event["Records"]
    names = [record["dynamodb"]["Keys"]["pk"]["S"] for record in records]
    print("came " + ",".join(names))
    failed = [r["dynamodb"]["SequenceNumber"] for r, name in zip(records, names) if name == "poison"]
    return {"batchItemFailures": [{"itemIdentifier": one} for one in failed]}
"""
ReadBatches = Callable[[], list[str]]
# Seconds. A function's first run is slow while other tests use the processor.
PATIENCE = 120


@pytest.fixture
def start_stream(cloud: Cloud) -> Callable[..., tuple[ReadBatches, str]]:
    """Start a function on a stream of these records. Return a reader of its batches, and its on-failure queue."""

    def start(code: str, records: Sequence[str], **settings: Any) -> tuple[ReadBatches, str]:
        name = uuid.uuid4().hex
        dynamodb = cloud.client("dynamodb")
        table = dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
        )["TableDescription"]
        for record in records:
            dynamodb.put_item(TableName=name, Item={"pk": {"S": record}})
        queue = cloud.client("sqs").create_queue(QueueName=name)["QueueUrl"]
        create_function(cloud, name, code)
        cloud.client("lambda").create_event_source_mapping(
            FunctionName=name,
            EventSourceArn=table["LatestStreamArn"],
            StartingPosition="TRIM_HORIZON",
            DestinationConfig={"OnFailure": {"Destination": f"arn:aws:sqs:us-east-1:000000000000:{name}"}},
            **settings,
        )
        return lambda: _read_batches(cloud, name), queue

    return start


def test_an_exception_halves_the_batch_until_the_poison_record_is_alone_and_discarded(
    cloud: Cloud, start_stream: Callable[..., tuple[ReadBatches, str]]
) -> None:
    read_batches, queue = start_stream(
        RAISING_CODE, ["a", "b", "poison", "c"], BisectBatchOnFunctionError=True, MaximumRetryAttempts=1
    )
    failure = wait_for_failure(cloud, queue)
    assert failure["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert failure["DDBStreamBatchInfo"]["batchSize"] == 1
    assert wait_for_batches(read_batches, 6) == ["a,b,poison,c", "a,b", "poison,c", "poison", "poison", "c"]


def test_after_a_reported_failure_the_batch_is_retried_from_the_failed_record(
    cloud: Cloud, start_stream: Callable[..., tuple[ReadBatches, str]]
) -> None:
    settings = {"FunctionResponseTypes": ["ReportBatchItemFailures"], "MaximumRetryAttempts": 1}
    read_batches, queue = start_stream(
        REPORTING_CODE, ["a", "poison", "c"], BisectBatchOnFunctionError=True, **settings
    )
    failure = wait_for_failure(cloud, queue)
    # Lambda does not halve a batch with a reported failure: the record after the poison record is discarded too.
    assert failure["DDBStreamBatchInfo"]["batchSize"] == 2
    assert wait_for_batches(read_batches, 3) == ["a,poison,c", "poison,c", "poison,c"]


def test_without_report_batch_item_failures_a_returned_failure_is_a_success(
    start_stream: Callable[..., tuple[ReadBatches, str]],
) -> None:
    read_batches, _ = start_stream(REPORTING_CODE, ["a", "poison"])
    assert wait_for_batches(read_batches, 1) == ["a,poison"]


def wait_for_failure(cloud: Cloud, queue: str) -> Any:
    """Wait for the message about a discarded batch in the on-failure queue, and return it."""
    sqs = cloud.client("sqs")
    messages = eventually(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"), PATIENCE)
    return json.loads(messages[0]["Body"])


def wait_for_batches(read_batches: ReadBatches, number: int) -> list[str]:
    """Wait for this many batches and return them. The log has a batch only after the function has ended."""
    eventually(lambda: len(read_batches()) >= number, PATIENCE)
    return read_batches()


def _read_batches(cloud: Cloud, name: str) -> list[str]:
    """Return the batches in their order, from the function's log."""
    logs = cloud.client("logs")
    if not logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")["logGroups"]:
        return []
    events = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    lines = [line for event in events for line in event["message"].splitlines()]
    return [line.removeprefix("came ") for line in lines if line.startswith("came ")]
