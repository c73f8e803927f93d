"""The SQS queues. Each has a worker (the function that receives its messages) and a dead-letter queue.

Queues of one purpose share a dead-letter queue: the messages say which queue they came from.
"""

from typing import Any, NamedTuple

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


class WorkedQueue(NamedTuple):
    """A queue and its worker. `contents`: the messages.

    A message that was received `attempts` times without success, for example because it cannot be read, goes to the
    dead-letter queue of the queue `dead_letters` (default: its own). `max_concurrency`: of the worker.
    """

    name: str
    contents: str
    worker: str
    attempts: int
    max_concurrency: Any = 2
    dead_letters: str = ""


# Confirmations go first, because their sender has most of the rate (mail/rate_limit.py), and because the other sender
# is switched off while more than a few of them wait (mail/sending.py).
# The messages of `feedback` contain addresses, but they are sent by SNS, which can use a KMS key only if the key's
# policy allows it. So this queue has no KMS key (docs/aws-facts.md).
# A long job runs for up to 15 minutes, and then goes to the end of the queue. Meanwhile, three others can run.
_SENDERS, _JOBS_AT_ONCE = ref("MailSenders"), 4
_LISTS = "Ids of imports, and of lists (of people who asked for updates) to make"
_OTHER_MAIL = "Email other than confirmations. Confirmations are sent first"
_QUEUES = (
    WorkedQueue("mail", "Email to send", "send_mail", _MAX_RECEIVES, _SENDERS),
    WorkedQueue("other_mail", _OTHER_MAIL, "send_other_mail", _MAX_RECEIVES, _SENDERS, "mail"),
    WorkedQueue("feedback", "Bounces and complaints to record", "receive_feedback", 5),
    WorkedQueue("overflow", "Signatures that wait for the table", "store_overflow", _MAX_RECEIVES),
    WorkedQueue("jobs", "Ids of exports to make, and of updates to send", "run_job", _JOB_ATTEMPTS, _JOBS_AT_ONCE),
    WorkedQueue("address_jobs", _LISTS, "run_address_job", _JOB_ATTEMPTS, _JOBS_AT_ONCE, "jobs"),
)
# What failed, by the name of the dead-letter queue.
_DEAD_LETTERS = {
    "mail": "Email that could not be sent",
    "feedback": "Bounces or complaints that could not be recorded",
    "overflow": "Signatures that could not be stored",
    "jobs": "Jobs that could not go on in ten attempts, or messages that cannot be read",
    "stream": "Parts of the signatures' stream that could not be processed",
}
# The queues whose messages are whole signatures.
_HOLDING_SIGNATURES = {"OverflowQueue", "OverflowDeadLetterQueue"}


def queues() -> Template:
    dead_letters = [_dead_letter_queue(name, what_failed) for name, what_failed in _DEAD_LETTERS.items()]
    return merge_parts([*map(_worked_queue, _QUEUES), *dead_letters])


def queue_id(name: str) -> str:
    return f"{logical_id(name)}Queue"


def dead_letters_id(name: str) -> str:
    return f"{logical_id(name)}DeadLetterQueue"


def _worked_queue(queue: WorkedQueue) -> Template:
    """Return the queue with its worker's event source and its environment variable."""
    logical = queue_id(queue.name)
    target = get_att(dead_letters_id(queue.dead_letters or queue.name))
    redrive = {"deadLetterTargetArn": target, "maxReceiveCount": queue.attempts}
    source = {
        "Queue": get_att(logical),
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": {"MaximumConcurrency": queue.max_concurrency},
    }
    events = {event_source(queue.worker, "Sqs"): {"Properties": source}}
    # Our code sends to the queues in QUEUES, and reads their URLs from environment variables.
    variables = {queue_variable(queue.name): ref(logical)} if queue.name in QUEUES else {}
    return merge_parts(
        [
            # AWS advises six times the function's timeout.
            _queue(logical, queue.contents, VisibilityTimeout=6 * timeout(queue.worker), RedrivePolicy=redrive),
            function_properties(queue.worker, Events=events),
            {"Globals": {"Function": {"Environment": {"Variables": variables}}}},
        ]
    )


def _dead_letter_queue(name: str, what_failed: str) -> Template:
    logical = dead_letters_id(name)
    messages = queue_measure("ApproximateNumberOfMessagesVisible", logical)
    first_message = alarm(
        f"{what_failed}. Look at the dead-letter queue, and for message_failed in the logs.", messages, "Maximum"
    )
    return merge_parts([_queue(logical, what_failed), {"Resources": {f"{logical}Alarm": first_message}}])


def _queue(logical: str, contents: str, **more: Any) -> Template:
    """Return a queue that keeps messages for as long as SQS allows, and an output with the queue's URL.

    A queue of signatures is encrypted with the charity's own key, if there is one, and outlives the stack.
    """
    holds_signatures = logical in _HOLDING_SIGNATURES
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
