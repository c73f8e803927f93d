"""Alarms and the dashboard."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.core.metrics import NAMESPACE, Metric
from stack.us_east_1 import us_east_1
from tests.template.aws_metrics import METRICS
from tests.template.packaged import (
    API,
    CONFIG,
    FUNCTIONS,
    QUEUES,
    RESOURCES,
    ROOT,
    TEMPLATE,
    Resource,
    events,
    logical_id,
    of_type,
)

ALARMS = of_type("AWS::CloudWatch::Alarm")
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
WIDGETS: list[Resource] = json.loads(RESOURCES["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])["widgets"]


def metrics_of(alarm: Resource) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield namespace, name and dimensions of each metric of an alarm."""
    plain = [alarm] if "MetricName" in alarm else []
    summands = [each["MetricStat"]["Metric"] for each in alarm.get("Metrics", []) if "MetricStat" in each]
    for metric in [*plain, *summands]:
        dimensions = {each["Name"]: each["Value"] for each in metric.get("Dimensions", [])}
        name = metric["MetricName"]
        yield metric["Namespace"], name if isinstance(name, str) else name["Fn::Sub"], dimensions


def watched(alarm: str) -> set[tuple[str, ...]]:
    """Return the metrics that the alarm watches, each with the logical ids of its resources."""
    return {
        (metric, *(logical_id(value) for name, value in dimensions.items() if name != "stage"))
        for _, metric, dimensions in metrics_of(ALARMS[alarm])
    }


def test_the_alarms_are_few_enough_for_one_person_and_cost_four_dollars() -> None:
    assert len(ALARMS) <= 30
    assert sum(len([*metrics_of(alarm)]) for alarm in ALARMS.values()) <= 40, "CloudWatch bills each"


@pytest.mark.parametrize(
    ("line", "is_failure", "is_failure_of_authorizer"),
    [
        ("2026-12-02T04:00:00Z 7c2f Task timed out after 15.00 seconds", True, True),
        ("RequestId: 7c2f Error: Runtime exited with error: signal: killed", True, True),
        ("[ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named 'x'", True, True),
        ("[ERROR] KeyError: 'x'\nTraceback (most recent call last):\n  File", True, False),
        ('{"level": "ERROR", "event": "view_failed", "at": ["KeyError /var/task/app.py:1"]}', False, False),
    ],
)
def test_a_failed_invocation_of_any_function_sets_off_one_alarm(
    line: str, is_failure: bool, is_failure_of_authorizer: bool
) -> None:
    """A refused token leaves an authorizer as an error. The authorizer logs its other errors itself."""
    filters = {logical_id(each["LogGroupName"]): each for each in of_type("AWS::Logs::MetricFilter").values()}
    assert filters.keys() == of_type("AWS::Logs::LogGroup").keys()
    assert len(filters) == len(FUNCTIONS)
    [(namespace, metric, _)] = metrics_of(ALARMS["FunctionFailedAlarm"])
    for log_group, declared in filters.items():
        wanted = is_failure_of_authorizer if log_group == "AuthorizerLogGroup" else is_failure
        terms = re.findall(r'\?"(.+?)"', declared["FilterPattern"])
        assert any(term in line for term in terms) == wanted, log_group
        transformation = {"MetricNamespace": namespace, "MetricName": {"Fn::Sub": metric}, "MetricValue": "1"}
        assert declared["MetricTransformations"] == [transformation]


def test_the_first_message_of_each_dead_letter_queue_sets_off_an_alarm() -> None:
    dead_letter_queues = {name for name, queue in QUEUES.items() if "RedrivePolicy" not in queue}
    assert {f"{name}Alarm" for name in dead_letter_queues} <= ALARMS.keys()
    for name in dead_letter_queues:
        assert watched(f"{name}Alarm") == {("ApproximateNumberOfMessagesVisible", name)}
        assert ALARMS[f"{name}Alarm"]["Threshold"] == 1


def test_few_alarms_are_those_that_say_that_people_lose_something_now() -> None:
    conditions = {name: RESOURCES[name].get("Condition", "") for name in ALARMS}
    kept = {name for name, condition in conditions.items() if "AllAlarms" not in condition}
    dead_letters = {name for name in ALARMS if name.endswith("DeadLetterQueueAlarm")}
    assert kept == {*dead_letters, "ApiErrorsAlarm", "DriftAlarm"}
    assert TEMPLATE["Parameters"]["Alarms"]["Default"] == "all"
    assert TEMPLATE["Conditions"]["AllAlarms"] == {"Fn::Equals": [{"Ref": "Alarms"}, "all"]}


def test_the_text_of_an_alarm_says_what_to_look_at() -> None:
    titles = [widget["properties"]["title"] for widget in WIDGETS]
    for alarm in ALARMS.values():
        _, look, what = alarm["AlarmDescription"].partition(" Look ")
        assert look, alarm["AlarmDescription"]
        for chart in re.findall(r"the chart '(.+?)'", what):
            assert any(title.startswith(chart) for title in titles), chart
        for function in re.findall(r"the log of (\w+)", what):
            assert function in FUNCTIONS


def test_the_5xx_alarm_watches_only_this_stages_api() -> None:
    assert [*metrics_of(ALARMS["ApiErrorsAlarm"])] == [
        ("AWS/ApiGateway", "5XXError", {"ApiName": API["info"]["title"], "Stage": CONFIG["api_gateway_stage"]})
    ]
    assert API["info"]["title"] == {"Fn::Sub": "petitions-${Stage}"}


def test_the_runbook_lists_exactly_the_alarms() -> None:
    in_us_east_1 = {"EdgeErrorsAlarm"}
    assert in_us_east_1 < us_east_1()["Resources"].keys()
    assert {*re.findall(r"`(\w+Alarm)`", RUNBOOK)} == ALARMS.keys() | in_us_east_1


def test_the_dashboard_shows_only_existing_resources_and_metrics() -> None:
    dashboard = RESOURCES["Dashboard"]["Properties"]
    assert dashboard["DashboardName"] == {"Fn::Sub": "petitions-${Stage}-${AWS::Region}"}, "names are global"
    body = dashboard["DashboardBody"]["Fn::Sub"]
    placeholders = re.findall(r"\$\{([\w.:]+)\}", body)
    names = {placeholder.partition(".")[0] for placeholder in placeholders}
    assert names - {"AWS::Region", "Stage"} <= RESOURCES.keys()
    lines = [line for widget in WIDGETS for line in widget["properties"]["metrics"]]
    of_our_code = {line[1] for line in lines if line[0] == NAMESPACE}
    assert of_our_code == {*Metric, "FunctionFailed-${Stage}"}
    assert len(lines) <= 50, "then it is free"


def unknown_metrics(alarms: dict[str, Resource], dashboard: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Return the metrics of alarms and dashboard that AWS or our code does not have under these dimensions."""
    used = [metric for alarm in alarms.values() for metric in metrics_of(alarm)]
    for widget in json.loads(dashboard)["widgets"]:
        for line in widget["properties"]["metrics"]:
            texts = [each for each in line if isinstance(each, str)]
            if texts:  # Otherwise the line is a search.
                used.append((texts[0], texts[1], dict(zip(texts[2::2], texts[3::2], strict=True))))
    return [each for each in used if each[1] not in METRICS.get((each[0], frozenset(each[2])), ())]


BODY = RESOURCES["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]


def test_alarms_and_dashboard_name_metrics_and_dimensions_that_exist() -> None:
    assert unknown_metrics(ALARMS, BODY) == []


def test_the_drift_alarm_always_sees_a_whole_recount_and_keeps_its_state_without_one() -> None:
    assert events("Schedule")["RecountTallies"] == {"Schedule": "rate(6 hours)"}
    drift = ALARMS["DriftAlarm"]
    longest_recount = CONFIG["lambda_functions"]["recount_tallies"]["lambda_timeout"]
    assert 6 * 3600 + longest_recount <= drift["Period"] <= 7 * 3600, "docs/runbook.md says that it ends after 7 hours"
    assert (drift["EvaluationPeriods"], drift["TreatMissingData"]) == (1, "ignore")
