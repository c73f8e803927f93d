"""The queues that functions work on, each with its dead-letter queue. To add one, add a call here."""

from typing import Any

from chalicelib.core.settings import QUEUES, queue_variable
from stack.template.alarms import alarm, of_queue
from stack.template.cfn import Template, get, if_condition, keeps_data, merge_parts, output, ref, resource
from stack.template.functions import event_source, logical_id, properties, timeout

_FOURTEEN_DAYS = 14 * 24 * 3600
# SQS's maximum: waiting for the table or for the email quota is not a failure.
_WAITING = 1000


def queues() -> Template:
    lost = "Parts of the signatures' stream that could not be processed"
    return merge_parts([*_email_queues(), *_data_queues(), *_job_queues(), dead_letters("stream", lost)])


def _email_queues() -> list[Template]:
    senders = ref("MailSenders")
    return [
        worked_queue(
            "mail",
            "Email to send",
            lost="Email that could not be sent",
            worker="send_mail",
            attempts=_WAITING,
            at_once=senders,
        ),
        worked_queue(
            "other_mail",
            "Email other than confirmations, which go first",
            lost="Other email that could not be sent",
            worker="send_other_mail",
            attempts=_WAITING,
            at_once=senders,
        ),
        worked_queue(
            "feedback",
            "Bounces and complaints to record",
            lost="Bounces or complaints that could not be recorded",
            worker="receive_feedback",
            attempts=5,
        ),
    ]


def _data_queues() -> list[Template]:
    return [
        worked_queue(
            "overflow",
            "Signatures that wait for the table",
            lost="Signatures that could not be stored",
            worker="store_overflow",
            attempts=_WAITING,
            is_personal=True,
        ),
    ]


def _job_queues() -> list[Template]:
    return [
        worked_queue(
            "exports",
            "Exports to work on: ids only",
            lost="Exports that stopped three times without an error, or messages that cannot be read",
            worker="run_export",
            attempts=3,
        ),
        worked_queue(
            "imports",
            "Imports to work on: ids only",
            lost="Imports that stopped three times without an error",
            worker="run_import",
            attempts=3,
        ),
        worked_queue(
            "comparisons",
            "Comparisons of hashes to work on: ids only",
            lost="Comparisons of hashes that stopped three times without an error",
            worker="compare_hashes",
            attempts=3,
        ),
        worked_queue(
            "lists",
            "Lists of those who asked for updates to work on: ids only",
            lost="Lists of those who asked for updates that stopped three times without an error",
            worker="run_list",
            attempts=3,
        ),
        worked_queue(
            "updates",
            "Updates to send: ids only",
            lost="Updates that stopped three times without an error",
            worker="run_update",
            attempts=3,
        ),
    ]


def queue_id(name: str) -> str:
    """Return a queue's logical id in the template."""
    return f"{logical_id(name)}Queue"


def worked_queue(
    name: str, holds: str, *, lost: str, worker: str, attempts: int, at_once: Any = 2, is_personal: bool = False
) -> Template:
    """Return a queue, the event source of its worker, its setting, and its dead-letter queue with an alarm.

    `attempts` are receives; then a message is a dead letter. `at_once` is the number of workers that run concurrently.
    `holds` and `lost` describe the messages of the two queues.
    """
    logical = queue_id(name)
    dead = {"deadLetterTargetArn": get(f"{logical_id(name)}DeadLetterQueue"), "maxReceiveCount": attempts}
    source = {
        "Queue": get(logical),
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": {"MaximumConcurrency": at_once},
    }
    variables = {queue_variable(name): ref(logical)} if name in QUEUES else {}
    return merge_parts(
        [
            # AWS advises six times the function's timeout.
            _queue(logical, holds, is_personal, VisibilityTimeout=6 * timeout(worker), RedrivePolicy=dead),
            dead_letters(name, lost, is_personal),
            properties(worker, Events={event_source(worker, "Sqs"): {"Properties": source}}),
            {"Globals": {"Function": {"Environment": {"Variables": variables}}}},
        ]
    )


def dead_letters(name: str, lost: str, is_personal: bool = False) -> Template:
    """Return a dead-letter queue, and the alarm for the first message in it."""
    logical = f"{logical_id(name)}DeadLetterQueue"
    waiting = of_queue("ApproximateNumberOfMessagesVisible", logical)
    raised = alarm(f"{lost}: see the dead-letter queue.", waiting, "Maximum")
    return merge_parts([_queue(logical, lost, is_personal), {"Resources": {f"{logical}Alarm": raised}}])


def _queue(logical: str, holds: str, is_personal: bool, **more: Any) -> Template:
    """Return a queue that keeps messages for as long as SQS allows, and the output of its URL."""
    # The charity's own key encrypts what is personal.
    own_key = {
        "KmsMasterKeyId": if_condition("HasCustomerKey", ref("CustomerKeyArn"), "alias/aws/sqs"),
        "KmsDataKeyReusePeriodSeconds": 24 * 3600,
    }
    encrypted = own_key if is_personal else {"SqsManagedSseEnabled": True}
    described = {"MessageRetentionPeriod": _FOURTEEN_DAYS, **encrypted, **more}
    return {
        "Resources": {logical: resource("SQS::Queue", described, **keeps_data(is_personal))},
        "Outputs": {
            f"{logical}Url": output(ref(logical), f"{holds}: personal data" if is_personal else holds),
        },
    }
