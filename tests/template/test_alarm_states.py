"""The states of alarms that calculate: when they start and end, for given values of their metrics.

CloudWatch evaluates the newest `EvaluationPeriods` values. The alarm is on if `DatapointsToAlarm` of them are
breaching.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.template.packaged import QUEUES, Resource, of_type

ALARMS = of_type("AWS::CloudWatch::Alarm")
ON_STUCK_QUEUES = {"MailQueue": "MailStuckAlarm", "OverflowQueue": "OverflowStuckAlarm"}
# The values of an alarm's metrics in one period, by their names in the expression. A metric without data is missing.
Values = Mapping[str, float]
NO_DATA: Values = {}
WORKS: Values = {"visible": 900, "received": 3_000, "deleted": 2_950}
FAILS: Values = {"received": 1}


def is_on(alarm: Resource, periods: Sequence[Values]) -> bool:
    """Return whether the alarm is on. `periods`: the values of all periods, the newest last."""
    newest = periods[-alarm["EvaluationPeriods"] :]
    values = [_value(alarm, each) for each in newest]
    breaching = [value for value in values if _is_breaching(alarm, value)]
    needed: int = alarm.get("DatapointsToAlarm") or alarm["EvaluationPeriods"]
    return len(breaching) >= needed


def _is_breaching(alarm: Resource, value: float) -> bool:
    if alarm["ComparisonOperator"] == "LessThanThreshold":
        return bool(value < alarm["Threshold"])
    assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    return bool(value >= alarm["Threshold"])


def _value(alarm: Resource, values: Values) -> float:
    """Return the value of the alarm's expression, which is almost Python. None stands for a missing value."""
    calculation, *operands = alarm["Metrics"]
    names: dict[str, Any] = {each["Id"]: values.get(each["Id"]) for each in operands}
    functions = {
        "FILL": lambda value, filler: filler if value is None else value,
        "IF": lambda condition, if_true, if_false: if_true if condition else if_false,
    }
    expression = calculation["Expression"].replace(" AND ", " and ")
    value: float = eval(expression, {**functions, **names})
    return value


def test_in_an_expression_with_fill_the_newest_period_does_not_decide_alone() -> None:
    filling = [alarm for alarm in ALARMS.values() if "FILL" in _expression(alarm)]
    assert len(filling) == len(ON_STUCK_QUEUES) + 1, "and recounts"
    assert all(alarm["EvaluationPeriods"] > 1 for alarm in filling)


def _expression(alarm: Resource) -> str:
    """Return the alarm's expression; "" if the alarm has none."""
    metrics = alarm.get("Metrics", [{}])
    return str(metrics[0].get("Expression", ""))


@pytest.mark.parametrize("name", ON_STUCK_QUEUES.values())
def test_messages_that_fail_for_an_hour_start_an_alarm_and_a_crowd_does_not(name: str) -> None:
    alarm = ALARMS[name]
    assert is_on(alarm, [WORKS, FAILS, FAILS, FAILS, FAILS])
    assert is_on(alarm, [FAILS, FAILS, FAILS, FAILS, NO_DATA]), "the newest period has no data yet"
    assert not is_on(alarm, [WORKS, WORKS, FAILS, FAILS, FAILS]), "45 minutes"
    assert not is_on(alarm, [WORKS] * 5), "a crowd: messages always wait, and are deleted"
    assert not is_on(alarm, [NO_DATA] * 5), "an idle queue"
    assert is_on(alarm, [{**WORKS, "deleted": 100}] * 5), "most fail during a crowd"
    assert is_on(alarm, [{"visible": 500}] * 5), "nobody receives the messages"
    assert is_on(alarm, [{"received": 3, "deleted": 1}] * 5), "one fails, and one arrives and is deleted"


@pytest.mark.parametrize(("queue", "name"), ON_STUCK_QUEUES.items())
def test_a_failed_message_is_received_in_each_period_of_the_alarm(queue: str, name: str) -> None:
    operands = ALARMS[name]["Metrics"][1:]
    assert {each["MetricStat"]["Period"] for each in operands} == {900}
    assert {each["MetricStat"]["Stat"] for each in operands} == {"Sum"}
    names = [each["MetricStat"]["Metric"]["Dimensions"] for each in operands]
    assert names == [[{"Name": "QueueName", "Value": {"Fn::GetAtt": [queue, "QueueName"]}}]] * 3
    assert QUEUES[queue]["VisibilityTimeout"] < 900


def test_a_day_without_a_recount_starts_an_alarm_which_ends_with_the_next_recount() -> None:
    alarm = ALARMS["RecountMissingAlarm"]
    recounts = alarm["Metrics"][1]["MetricStat"]
    assert (recounts["Metric"]["MetricName"], recounts["Stat"], recounts["Period"]) == ("Drift", "SampleCount", 3600)
    assert alarm["TreatMissingData"] == "breaching", "a new stack, which has no data to fill"
    recount: Values = {"recounts": 3}
    day = [recount, *[NO_DATA] * 23]
    assert not is_on(alarm, day)
    assert is_on(alarm, [*day, NO_DATA])
    assert not is_on(alarm, [*day, NO_DATA, recount])
