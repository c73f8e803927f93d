"""CloudWatch alarms, and the SNS topic that they notify.

A dead-letter queue has its alarm from `queues`; all others are in the list below. To add one, add it there, and to
docs/runbook.md, which says what to do. CloudWatch bills each metric of an alarm. So one alarm watches all functions or
tables, and its description names the chart of the dashboard that shows which of them it is.

With the parameter Alarms=few there are only those that say that people lose something now. Drift: the difference
between a petition's stored count (tally) and a recount of its signatures.
"""

from typing import Any

from chalicelib.core.metrics import NAMESPACE, Metric
from stack.template.cfn import Template, get_att, output, ref, resource, sub
from stack.template.config import api_stage

FUNCTION_FAILED = "FunctionFailed-${Stage}"
"""The metric that CloudWatch makes of the functions' logs (functions.py). Such a metric has no dimension of its own."""


def measure(namespace: str, metric: str | Template, **dimensions: Any) -> Template:
    """Return what CloudWatch measures: a metric of a resource or of the code."""
    listed = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    return {"Namespace": namespace, "MetricName": metric, **({"Dimensions": listed} if listed else {})}


def code_measure(metric: Metric) -> Template:
    return measure(NAMESPACE, metric, stage=ref("Stage"))


def api_measure(metric: str) -> Template:
    return measure("AWS/ApiGateway", metric, ApiName=sub("petitions-${Stage}"), Stage=api_stage())


def queue_measure(metric: str, queue_id: str) -> Template:
    return measure("AWS/SQS", metric, QueueName=get_att(queue_id, "QueueName"))


def alarm(description: str, measured: Template, statistic: str = "Sum", period: int = 300, **more: Any) -> Template:
    """`period`: in seconds. `more`: further properties; they win over the usual ones."""
    metric = {**measured, "Statistic": statistic, "Period": period}
    return resource("CloudWatch::Alarm", {**_usual_properties(description), **metric, **more})


def alarm_on_math(
    description: str,
    expression: str,
    operands: dict[str, Template],
    label: str = "",
    result: str = "sum",
    statistic: str = "Sum",
    period: int = 60,
    **more: Any,
) -> Template:
    """Return an alarm on the result of an expression, whose id in CloudWatch is `result`.

    `operands`: the metric of each name in the expression, all with this `statistic` and `period` (in seconds). If the
    expression has FILL, the newest period must not decide alone, because its data may be late: set `EvaluationPeriods`.
    The alarm exists on AWS only: the emulator refuses an alarm with an expression.
    """
    calculation = {"Id": result, "Expression": expression, "Label": label or description, "ReturnData": True}
    measured = [
        {"Id": name, "ReturnData": False, "MetricStat": {"Metric": metric, "Stat": statistic, "Period": period}}
        for name, metric in operands.items()
    ]
    properties = {**_usual_properties(description), "Metrics": [calculation, *measured], **more}
    return resource("CloudWatch::Alarm", properties, Condition="OnAws")


def _usual_properties(description: str) -> Template:
    return {
        "AlarmDescription": f"{description} docs/runbook.md",
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "Threshold": 1,
        "EvaluationPeriods": 1,
        # A count of errors has no data while there are no errors, and a queue has none while it is idle.
        "TreatMissingData": "notBreaching",
        "AlarmActions": [ref("AlarmsTopic")],
        "OKActions": [ref("AlarmsTopic")],
    }


def _reputation_alarm(metric: str, threshold: float, description: str) -> Template:
    """Alarm on a rate of the account. SES gives no value while nothing is sent: the alarm then keeps its state."""
    replaced = {"ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "ignore"}
    rate = measure("AWS/SES", f"Reputation.{metric}")
    return alarm(description, rate, "Maximum", period=3600, Threshold=threshold, **replaced)


# 1 if messages wait while nobody receives any, or if at most half as many were deleted as were received. After a
# success, a message is deleted. So in a queue that works, as many are deleted as received, however many messages wait:
# a crowd does not set off the alarm, although messages wait all the time. "Half" because a few messages fail and
# succeed later, and because AWS counts approximately. A failed message is received again after 10 minutes at most
# (edge/batch.py), so in every period of 15 minutes.
_STUCK = "IF((FILL(visible, 0) + FILL(received, 0) > 0) AND (2 * FILL(deleted, 0) <= FILL(received, 0)), 1, 0)"
_STUCK_OPERANDS = {
    "visible": "ApproximateNumberOfMessagesVisible",
    "received": "NumberOfMessagesReceived",
    "deleted": "NumberOfMessagesDeleted",
}


def _stuck_alarm(messages: str, queue: str, worker: str) -> Template:
    """Return an alarm on messages that wait for an hour while most attempts fail, or while there are none.

    The metric of the oldest message leaves out each message that was received three times, so those that always fail.
    """
    return alarm_on_math(
        f"{messages} have waited for an hour, and most attempts fail, or there are none. Look at the log of {worker}.",
        _STUCK,
        {name: queue_measure(metric, queue) for name, metric in _STUCK_OPERANDS.items()},
        label="1: most attempts fail",
        result="stuck",
        period=15 * 60,
        # Four periods are an hour. The newest of five may have a wrong value: FILL gives 0 while its data is late.
        EvaluationPeriods=5,
        DatapointsToAlarm=4,
    )


def _lag_alarm(reader: str) -> Template:
    return alarm(
        f"{reader} is ten minutes behind the signatures. Look at the chart 'Stream', and at the function's log.",
        measure("AWS/Lambda", "IteratorAge", FunctionName=ref(reader)),
        "Maximum",
        Threshold=10 * 60 * 1000,
        EvaluationPeriods=2,
    )


_ALARMS = {
    "FunctionFailed": alarm(
        "A function ended in an error or ran out of time. Look at the chart 'Functions: errors and throttles'.",
        measure(NAMESPACE, sub(FUNCTION_FAILED)),
    ),
    # Without a dimension, this is the sum over all functions of the account in this region, of which the functions
    # share the limit of concurrent executions.
    "FunctionThrottles": alarm(
        "Lambda throttled a function: too many at once. Look at the chart 'Functions: errors and throttles'.",
        measure("AWS/Lambda", "Throttles"),
    ),
    "TableFailed": alarm(
        "DynamoDB throttled or failed a call for good. Look at the chart 'Tables', and for TableFailed in the logs.",
        code_measure(Metric.TABLE_FAILED),
        period=60,
    ),
    "MailBacklog": alarm(
        "The oldest email has waited for an hour. Look at the log of CheckMail, and at SES's quota.",
        queue_measure("ApproximateAgeOfOldestMessage", "MailQueue"),
        "Maximum",
        Threshold=3600,
        EvaluationPeriods=3,
    ),
    "MailStuck": _stuck_alarm("Confirmation emails", "MailQueue", "SendMail"),
    "OverflowStuck": _stuck_alarm("Signatures in the overflow queue", "OverflowQueue", "StoreOverflow"),
    "RelayMailLag": _lag_alarm("RelayMail"),
    "ProjectSignaturesLag": _lag_alarm("ProjectSignatures"),
    "Overflow": alarm(
        "Signatures go to the overflow queue: the table does not accept them. Look at the chart 'Tables'.",
        code_measure(Metric.OVERFLOWED),
        period=60,
    ),
    "Degraded": alarm(
        "Something is broken, and other work continues. Look for Degraded in the logs.",
        code_measure(Metric.DEGRADED),
        period=60,
    ),
    "MessageFailed": alarm(
        "A message fails. If it fails again, it becomes a dead letter. Look for message_failed in the logs.",
        code_measure(Metric.MESSAGE_FAILED),
    ),
    "TargetPaused": alarm(
        "Letters to a petition's target bounced, so they are paused. Look for target_paused in the logs.",
        code_measure(Metric.TARGET_PAUSED),
    ),
    "MailUnknown": alarm(
        "A sender crashed. It may have sent an email that is never sent twice. Look at the log of SendOtherMail.",
        code_measure(Metric.MAIL_UNKNOWN),
    ),
    "MailRefused": alarm(
        "SES refuses our emails for good: at least 20 in 15 minutes. Look for mail_refused in the logs.",
        code_measure(Metric.MAIL_REFUSED),
        period=15 * 60,
        Threshold=20,
    ),
    # A recount takes minutes and begins every 6 hours, so any 7 hours contain a whole recount of all petitions. If
    # recounts stop, this alarm keeps its state, and the alarm RecountMissing starts.
    "Drift": alarm(
        "A tally differs from its signatures. Look at the log of RecountTallies. Ends up to 7 hours after the repair.",
        code_measure(Metric.DRIFT),
        "Maximum",
        period=7 * 3600,
        TreatMissingData="ignore",
    ),
    # Each recount reports a drift, also a drift of 0. Without FILL, the alarm would start late: CloudWatch looks back
    # further than a day. As long as it finds values there, it ignores TreatMissingData.
    "RecountMissing": alarm_on_math(
        "There was no recount of the tallies for a day. Look at the log of RecountTallies.",
        "FILL(recounts, 0)",
        {"recounts": code_measure(Metric.DRIFT)},
        result="filled",
        statistic="SampleCount",
        period=3600,
        ComparisonOperator="LessThanThreshold",
        EvaluationPeriods=24,
        TreatMissingData="breaching",
    ),
    "ApiErrors": alarm(
        "Ten responses a minute are 5xx. Look at the chart 'API: requests', and for view_failed in the logs.",
        api_measure("5XXError"),
        period=60,
        Threshold=10,
        EvaluationPeriods=3,
        DatapointsToAlarm=2,
    ),
    "ApiRefusals": alarm_on_math(
        "A quarter of the responses are 4xx: probably the gateway's limit. Look at the chart 'API: requests'.",
        "IF(requests >= 600, 100 * refused / requests, 0)",
        {"requests": api_measure("Count"), "refused": api_measure("4XXError")},
        label="4xx in percent of at least ten requests a second",
        result="share",
        Threshold=25,
        EvaluationPeriods=5,
        DatapointsToAlarm=3,
    ),
    "BounceRate": _reputation_alarm(
        "BounceRate",
        0.04,
        "More than 4 % of the account's email bounces. At 5 %, AWS reviews it. Look at the chart 'SES reputation'.",
    ),
    "ComplaintRate": _reputation_alarm(
        "ComplaintRate",
        0.0008,
        "More than 0.08 % of the email gets complaints. At 0.1 %, AWS reviews it. Look at the chart 'SES reputation'.",
    ),
}


# With Alarms=few, these and those of the dead-letter queues remain: people cannot sign, or what they did is lost.
_FEW = ("ApiErrors", "Drift")


def alarms() -> Template:
    subscription = {"TopicArn": ref("AlarmsTopic"), "Protocol": "email", "Endpoint": ref("AlarmEmail")}
    listed_alarms = {f"{name}Alarm": _if_chosen(name, declared) for name, declared in _ALARMS.items()}
    return {
        "Resources": {
            "AlarmsTopic": resource("SNS::Topic"),
            "AlarmsSubscription": resource("SNS::Subscription", subscription, Condition="HasAlarmEmail"),
            **listed_alarms,
        },
        "Outputs": {"AlarmsTopicArn": output(ref("AlarmsTopic"), "Topic of every alarm")},
    }


def _if_chosen(name: str, declared: Template) -> Template:
    if name in _FEW:
        return declared
    return {**declared, "Condition": "AllAlarmsOnAws" if "Condition" in declared else "AllAlarms"}
