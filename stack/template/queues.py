"""The SQS queues. Each has a worker (the function that receives its messages) and a dead-letter queue.

Queues of one purpose share a dead-letter queue: the messages say which queue they came from. A dead-letter queue has no
worker. The stream's dead-letter queue belongs to no other queue.

To add a queue, add a call of `worked_queue`.
"""

from typing import Any

from chalicelib.core.settings import QUEUES, queue_variable
from stack.template.alarms import alarm, queue_measure
from stack.template.cfn import Template, get_att, if_condition, merge_parts, output, ref, resource, retention
from stack.template.config import timeout
from stack.template.functions import event_source, function_properties, logical_id

_FOURTEEN_DAYS = 14 * 24 * 3600
# SQS's maximum. While the table or the email quota is exhausted, workers receive the same message again and again, but
# the message must not go to the dead-letter queue.
_MAX_RECEIVES = 1000
# A job that fails is tried again within minutes (edge/batch.py, jobs/run.py). Ten attempts take at least 20
# minutes. AWS errors use up no attempts (jobs/worker.py).
_JOB_ATTEMPTS = 10
# A long job runs for up to 15 minutes, and then goes to the end of the queue. Meanwhile, three others can run.
_JOBS_AT_ONCE = 4


def queues() -> Template:
    return merge_parts([*_email_queues(), _overflow_queue(), *_job_queues(), *_dead_letter_queues()])


def _email_queues() -> list[Template]:
    senders = ref("MailSenders")
    # Confirmations go first, because their sender has most of the rate (mail/rate_limit.py), and because the other
    # sender is switched off while more than a few of them wait (mail/sending.py).
    return [
        worked_queue("mail", "Email to send", worker="send_mail", attempts=_MAX_RECEIVES, max_concurrency=senders),
        worked_queue(
            "other_mail",
            "Email other than confirmations. Confirmations are sent first",
            worker="send_other_mail",
            attempts=_MAX_RECEIVES,
            max_concurrency=senders,
            dead_letters="mail",
        ),
        # These messages contain addresses, but they are sent by SNS, which can use a KMS key only if the key's policy
        # allows it. So this queue has no KMS key (docs/aws-facts.md).
        worked_queue("feedback", "Bounces and complaints to record", worker="receive_feedback", attempts=5),
    ]


def _overflow_queue() -> Template:
    return worked_queue(
        "overflow",
        "Signatures that wait for the table",
        worker="store_overflow",
        attempts=_MAX_RECEIVES,
        holds_signatures=True,
    )


def _job_queues() -> list[Template]:
    return [
        worked_queue(
            "jobs",
            "Ids of exports to make, and of updates to send",
            worker="run_job",
            attempts=_JOB_ATTEMPTS,
            max_concurrency=_JOBS_AT_ONCE,
        ),
        worked_queue(
            "address_jobs",
            "Ids of imports, and of lists (of people who asked for updates) to make",
            worker="run_address_job",
            attempts=_JOB_ATTEMPTS,
            max_concurrency=_JOBS_AT_ONCE,
            dead_letters="jobs",
        ),
    ]


def _dead_letter_queues() -> list[Template]:
    return [
        _dead_letter_queue("mail", "Email that could not be sent"),
        _dead_letter_queue("feedback", "Bounces or complaints that could not be recorded"),
        _dead_letter_queue("overflow", "Signatures that could not be stored", holds_signatures=True),
        _dead_letter_queue("jobs", "Jobs that could not go on in ten attempts, or messages that cannot be read"),
        _dead_letter_queue("stream", "Parts of the signatures' stream that could not be processed"),
    ]


def queue_id(name: str) -> str:
    """Return a queue's logical id in the template."""
    return f"{logical_id(name)}Queue"


def dead_letters_id(name: str) -> str:
    """Return a dead-letter queue's logical id in the template."""
    return f"{logical_id(name)}DeadLetterQueue"


def worked_queue(
    name: str,
    contents: str,
    *,
    worker: str,
    attempts: int,
    max_concurrency: Any = 2,
    holds_signatures: bool = False,
    dead_letters: str = "",
) -> Template:
    """Return a queue with its worker's event source and its environment variable.

    `contents` describes the messages. A message that was received `attempts` times without success, for example because
    it cannot be read, goes to the dead-letter queue of the queue `dead_letters` (default: its own). `max_concurrency`:
    how many workers run at the same time, at most. `holds_signatures`: whether the messages are whole signatures, which
    `_queue` encrypts with a KMS key.
    """
    logical = queue_id(name)
    target = get_att(dead_letters_id(dead_letters or name))
    redrive = {"deadLetterTargetArn": target, "maxReceiveCount": attempts}
    source = {
        "Queue": get_att(logical),
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": {"MaximumConcurrency": max_concurrency},
    }
    events = {event_source(worker, "Sqs"): {"Properties": source}}
    # Our code sends to the queues in QUEUES, and reads their URLs from environment variables.
    variables = {queue_variable(name): ref(logical)} if name in QUEUES else {}
    return merge_parts(
        [
            # AWS advises six times the function's timeout.
            _queue(logical, contents, holds_signatures, VisibilityTimeout=6 * timeout(worker), RedrivePolicy=redrive),
            function_properties(worker, Events=events),
            {"Globals": {"Function": {"Environment": {"Variables": variables}}}},
        ]
    )


def _dead_letter_queue(name: str, what_failed: str, holds_signatures: bool = False) -> Template:
    """Return a dead-letter queue, and an alarm that starts with the first message in the queue."""
    logical = dead_letters_id(name)
    messages = queue_measure("ApproximateNumberOfMessagesVisible", logical)
    first_message = alarm(
        f"{what_failed}. Look at the dead-letter queue, and for message_failed in the logs.", messages, "Maximum"
    )
    return merge_parts(
        [_queue(logical, what_failed, holds_signatures), {"Resources": {f"{logical}Alarm": first_message}}]
    )


def _queue(logical: str, contents: str, holds_signatures: bool, **more: Any) -> Template:
    """Return a queue that keeps messages for as long as SQS allows, and an output with the queue's URL.

    `logical`: its logical id. A queue of signatures is encrypted with the charity's own key, if there is one, and
    outlives the stack.
    """
    own_key = {
        "KmsMasterKeyId": if_condition("HasCustomerKey", ref("CustomerKeyArn"), "alias/aws/sqs"),
        "KmsDataKeyReusePeriodSeconds": 24 * 3600,
    }
    encryption = own_key if holds_signatures else {"SqsManagedSseEnabled": True}
    description = f"{contents}: personal data" if holds_signatures else contents
    properties = {"MessageRetentionPeriod": _FOURTEEN_DAYS, **encryption, **more}
    return {
        "Resources": {logical: resource("SQS::Queue", properties, **retention(holds_signatures))},
        "Outputs": {f"{logical}Url": output(ref(logical), description)},
    }
