"""CloudWatch alarms: the functions that make an alarm, and a list of the alarms that no other module makes.

The modules `functions`, `tables`, `queues` and `streams` make the alarms of each function, table, queue and stream
reader, `backlogs` those on messages that wait, and `authorizers` the one on failing authorizers. To add another alarm,
add it to the list here, and to docs/runbook.md, which says what to do. Drift: the difference between a petition's
stored count (tally) and a recount of its signatures.
"""

from typing import Any, NamedTuple

from chalicelib.core.metrics import NAMESPACE, Metric
from stack.template.cfn import Template, get_att, output, ref, resource, sub
from stack.template.config import api_stage


class Measure(NamedTuple):
    """What CloudWatch measures: a metric of a resource or of the code."""

    namespace: str
    metric: str
    dimensions: Template

    def as_properties(self) -> Template:
        """Return the measure as properties of an alarm."""
        properties: Template = {"Namespace": self.namespace, "MetricName": self.metric}
        if self.dimensions:
            properties["Dimensions"] = [{"Name": name, "Value": value} for name, value in self.dimensions.items()]
        return properties


def code_measure(metric: Metric) -> Measure:
    """Return the measure of a metric that our code writes."""
    return Measure(NAMESPACE, metric, {"stage": ref("Stage")})


def api_measure(metric: str) -> Measure:
    return Measure("AWS/ApiGateway", metric, {"ApiName": sub("petitions-${Stage}"), "Stage": api_stage()})


def queue_measure(metric: str, queue_id: str) -> Measure:
    """Return the measure of a queue. `queue_id`: its logical id, such as MailQueue."""
    return Measure("AWS/SQS", metric, {"QueueName": get_att(queue_id, "QueueName")})


def alarm(description: str, measure: Measure, statistic: str = "Sum", period: int = 300, **more: Any) -> Template:
    """Return an alarm on one metric. `period`: in seconds. `more`: further properties; they win over the usual ones."""
    metric = {**measure.as_properties(), "Statistic": statistic, "Period": period}
    return resource("CloudWatch::Alarm", {**_usual_properties(description), **metric, **more})


def alarm_on_math(
    description: str,
    expression: str,
    operands: dict[str, Measure],
    label: str = "",
    result: str = "sum",
    statistic: str = "Sum",
    period: int = 60,
    **more: Any,
) -> Template:
    """Return an alarm on the result of an expression.

    `operands`: the metric that each name in the expression stands for. `statistic` and `period` (in seconds) are those
    of every operand. `result`: the id that the expression has in CloudWatch. `label`: its label; default: the
    description. `more`: further properties; they win over the usual ones.

    If the expression has FILL, the newest period must not decide alone, so set `EvaluationPeriods`. CloudWatch gets
    metrics late: the newest period may have the filled value only because its data is not there yet.

    The alarm exists on AWS only: the emulator refuses a stack in which an alarm has an expression.
    """
    calculation = {"Id": result, "Expression": expression, "Label": label or description, "ReturnData": True}
    measured = [_operand(name, measure, statistic, period) for name, measure in operands.items()]
    properties = {**_usual_properties(description), "Metrics": [calculation, *measured], **more}
    return resource("CloudWatch::Alarm", properties, Condition="OnAws")


def _operand(name: str, measure: Measure, statistic: str, period: int) -> Template:
    values = {"Metric": measure.as_properties(), "Stat": statistic, "Period": period}
    return {"Id": name, "ReturnData": False, "MetricStat": values}


def _usual_properties(description: str) -> Template:
    """Return the properties that an alarm has unless its own properties (`more`) replace them."""
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
    """Return an alarm on a rate that SES measures over the whole account.

    SES gives no value while nothing is sent. The alarm then keeps its state.
    """
    replaced = {"ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "ignore"}
    measure = Measure("AWS/SES", f"Reputation.{metric}", {})
    return alarm(description, measure, "Maximum", period=3600, Threshold=threshold, **replaced)


_ALARMS = {
    "Overflow": alarm(
        "Signatures go to the overflow queue: the table does not accept them.",
        code_measure(Metric.OVERFLOWED),
        period=60,
    ),
    "Degraded": alarm(
        "AWS denies a call, refuses to close a day of a count, or the code cannot read an item. Other work continues.",
        code_measure(Metric.DEGRADED),
        period=60,
    ),
    "MessageFailed": alarm(
        "A message cannot be processed. If further attempts fail too, it goes to its dead-letter queue.",
        code_measure(Metric.MESSAGE_FAILED),
    ),
    "TargetPaused": alarm(
        "Letters to a petition's target bounced or were refused, or the target complained, so its letters are paused.",
        code_measure(Metric.TARGET_PAUSED),
    ),
    "MailUnknown": alarm(
        "A sender crashed. It may have sent an email of a kind that is never sent twice.",
        code_measure(Metric.MAIL_UNKNOWN),
    ),
    "MailRefused": alarm(
        "SES refuses our emails for good: at least 20 in 15 minutes.",
        code_measure(Metric.MAIL_REFUSED),
        period=15 * 60,
        Threshold=20,
    ),
    # A recount takes minutes and begins every 6 hours, so any 7 hours contain a whole recount of all petitions. If
    # recounts stop, this alarm keeps its state, and the alarm RecountMissing starts.
    "Drift": alarm(
        "A tally differs from its signatures. The alarm ends up to 7 hours after the last recount that found a drift.",
        code_measure(Metric.DRIFT),
        "Maximum",
        period=7 * 3600,
        TreatMissingData="ignore",
    ),
    # Each recount reports a drift, also a drift of 0. Without FILL, the alarm would start late: CloudWatch looks back
    # further than a day. As long as it finds values there, it ignores TreatMissingData.
    "RecountMissing": alarm_on_math(
        "There was no recount of the tallies for a day.",
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
        "Ten responses a minute are 5xx.",
        api_measure("5XXError"),
        period=60,
        Threshold=10,
        EvaluationPeriods=3,
        DatapointsToAlarm=2,
    ),
    "ApiRefusals": alarm_on_math(
        "A quarter of the responses are 4xx, at ten requests a second or more. Probably the gateway's limit.",
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
        "More than 4 % of the account's email bounces. At 5 % AWS reviews the account, at 10 % it may stop all email.",
    ),
    "ComplaintRate": _reputation_alarm(
        "ComplaintRate",
        0.0008,
        "More than 0.08 % of the account's email gets complaints. At 0.1 % AWS reviews the account.",
    ),
}


def alarms() -> Template:
    """Return the SNS topic that every alarm notifies, its email subscription, and the alarms of the list."""
    subscription = {"TopicArn": ref("AlarmsTopic"), "Protocol": "email", "Endpoint": ref("AlarmEmail")}
    listed_alarms = {f"{name}Alarm": declared for name, declared in _ALARMS.items()}
    return {
        "Resources": {
            "AlarmsTopic": resource("SNS::Topic"),
            "AlarmsSubscription": resource("SNS::Subscription", subscription, Condition="HasAlarmEmail"),
            **listed_alarms,
        },
        "Outputs": {"AlarmsTopicArn": output(ref("AlarmsTopic"), "Topic of every alarm")},
    }
