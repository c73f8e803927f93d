"""Alarms on the queues of confirmation emails and of overflow: messages that wait, or that fail again and again."""

from stack.template.alarms import alarm, alarm_on_math, queue_measure
from stack.template.cfn import Template

# A failed message is received again after 10 minutes at most (edge/batch.py), so at least once in this time.
_PERIOD = 15 * 60
_OPERANDS = {
    "visible": "ApproximateNumberOfMessagesVisible",
    "hidden": "ApproximateNumberOfMessagesNotVisible",
    "received": "NumberOfMessagesReceived",
    "deleted": "NumberOfMessagesDeleted",
}
# 1 if messages wait, and at most half as many were deleted as were received. After a success, a message is
# deleted. So in a queue that works, as many are deleted as received, however many messages wait: a crowd does not set
# off the alarm, although messages wait all the time. "Half" because a few messages fail and succeed later, and because
# AWS counts approximately.
_STUCK = "IF((FILL(visible, 0) + FILL(hidden, 0) > 0) AND (2 * FILL(deleted, 0) <= FILL(received, 0)), 1, 0)"


def backlogs() -> Template:
    oldest = alarm(
        "The oldest email has waited for an hour.",
        queue_measure("ApproximateAgeOfOldestMessage", "MailQueue"),
        "Maximum",
        Threshold=3600,
        EvaluationPeriods=3,
    )
    stuck = {
        "MailStuckAlarm": _stuck_alarm("Confirmation emails", "MailQueue"),
        "OverflowStuckAlarm": _stuck_alarm("Signatures in the overflow queue", "OverflowQueue"),
    }
    return {"Resources": {"MailBacklogAlarm": oldest, **stuck}}


def _stuck_alarm(messages: str, queue: str) -> Template:
    """Return an alarm on messages that wait for an hour while most attempts fail, or while there are no attempts.

    `messages`: what they are. The alarm on the oldest message is not enough: its metric leaves out each message that
    was received three times and not deleted. So after a minute, the metric no longer has the messages that always fail.
    """
    operands = {name: queue_measure(metric, queue) for name, metric in _OPERANDS.items()}
    return alarm_on_math(
        f"{messages} have waited for an hour, and most attempts fail, or there are none.",
        _STUCK,
        operands,
        label="1: most attempts fail",
        result="stuck",
        period=_PERIOD,
        # Four periods are an hour. The newest of five may have a wrong value: FILL gives 0 while its data is late.
        EvaluationPeriods=5,
        DatapointsToAlarm=4,
    )
