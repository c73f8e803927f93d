"""The queues that functions work on, each with its dead-letter queue. To add one, add a call here."""

from typing import Any

from stack.template.alarms import alarm, of_queue
from stack.template.cfn import Template, get, given, keeps_data, merged, output, ref, resource
from stack.template.functions import event_source, logical_id, properties, timeout

_FOURTEEN_DAYS = 14 * 24 * 3600
# SQS's maximum: waiting for the table or for the email quota is not a failure.
_WAITING = 1000


def queues() -> Template:
    return merged(
        [
            worked_queue("mail", "Mail to send", worker="send_mail", at_once=ref("MailSenders"), attempts=_WAITING),
            dead_letters(
                "mail", "Mail that could not be sent", "Mails that could not be sent lie in the dead-letter queue."
            ),
            worked_queue(
                "other_mail",
                "Mail that yields to confirmations",
                worker="send_other_mail",
                at_once=ref("MailSenders"),
                attempts=_WAITING,
            ),
            dead_letters(
                "other_mail",
                "Other mail that could not be sent",
                "Other mails that could not be sent lie in the dead-letter queue.",
            ),
            worked_queue(
                "overflow",
                "Signatures that wait for the table: personal data",
                worker="store_overflow",
                attempts=_WAITING,
                is_personal=True,
            ),
            dead_letters(
                "overflow",
                "Signatures that could not be kept: personal data",
                "Signatures that could not be stored lie in the dead-letter queue.",
                is_personal=True,
            ),
            worked_queue("feedback", "What became of mail", worker="receive_feedback", attempts=5, has_setting=False),
            dead_letters(
                "feedback",
                "Feedback that could not be read",
                "Bounces or complaints that could not be read lie in the dead-letter queue.",
            ),
            worked_queue("exports", "Hand-overs to work on: ids only", worker="run_export", attempts=3),
            dead_letters("exports", "Hand-overs that stopped", "A hand-over stopped three times without saying why."),
            dead_letters(
                "stream",
                "Stretches of the stream that could not be handled",
                "Changes of signatures that nobody could handle lie in the dead-letter queue.",
            ),
        ]
    )


def worked_queue(
    name: str, holds: str, *, worker: str, attempts: int, at_once: Any = 2, is_personal: bool = False,
    has_setting: bool = True,
) -> Template:  # fmt: skip
    """Return a queue and its event source. `attempts` are receives, after which a message is a dead letter."""
    logical = f"{logical_id(name)}Queue"
    dead = {"deadLetterTargetArn": get(f"{logical_id(name)}DeadLetterQueue"), "maxReceiveCount": attempts}
    # AWS advises six times the function's timeout.
    queue = _queue(logical, holds, is_personal, VisibilityTimeout=6 * timeout(worker), RedrivePolicy=dead)
    variables = {f"{name.upper()}_QUEUE_URL": ref(logical)} if has_setting else {}
    source = {
        "Queue": get(logical),
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": {"MaximumConcurrency": at_once},
    }
    return merged(
        [
            queue,
            properties(worker, Events={event_source(worker, "Sqs"): {"Properties": source}}),
            {"Globals": {"Function": {"Environment": {"Variables": variables}}}},
        ]
    )


def dead_letters(name: str, holds: str, says: str, *, is_personal: bool = False) -> Template:
    """Return a dead-letter queue and the alarm for the first message in it."""
    logical = f"{logical_id(name)}DeadLetterQueue"
    watched = of_queue("ApproximateNumberOfMessagesVisible", logical)
    return merged(
        [_queue(logical, holds, is_personal), {"Resources": {f"{logical}Alarm": alarm(says, watched, "Maximum")}}]
    )


def _queue(logical: str, holds: str, is_personal: bool, **more: Any) -> Template:
    # The charity's own key encrypts what is personal.
    own_key = {
        "KmsMasterKeyId": given("HasCustomerKey", ref("CustomerKeyArn"), "alias/aws/sqs"),
        "KmsDataKeyReusePeriodSeconds": 24 * 3600,
    }
    encrypted = own_key if is_personal else {"SqsManagedSseEnabled": True}
    described = {"MessageRetentionPeriod": _FOURTEEN_DAYS, **encrypted, **more}
    return {
        "Resources": {logical: resource("SQS::Queue", described, **keeps_data(is_personal))},
        "Outputs": {
            f"{logical}Url": output(ref(logical), holds),
            f"{logical}Name": output(get(logical, "QueueName"), "For alarms"),
        },
    }
