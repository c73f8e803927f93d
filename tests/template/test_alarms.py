"""Alarms and the dashboard."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.core.metrics import NAMESPACE, REFUSED_STATUSES, Metric, refused_metric
from tests.template.packaged import API, CONFIG, FUNCTIONS, RESOURCES, ROOT, TEMPLATE, Resource, events, of_type

ALARMS = of_type("AWS::CloudWatch::Alarm")


def metrics_of(alarm: Resource) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield namespace, name and dimensions of each metric of an alarm."""
    plain = [alarm] if "MetricName" in alarm else []
    summands = [each["MetricStat"]["Metric"] for each in alarm.get("Metrics", []) if "MetricStat" in each]
    for metric in [*plain, *summands]:
        dimensions = {each["Name"]: each["Value"] for each in metric.get("Dimensions", [])}
        yield metric["Namespace"], metric["MetricName"], dimensions


def watched_resources(namespace: str, metric: str, dimension: str) -> set[str]:
    found = [each for alarm in ALARMS.values() for each in metrics_of(alarm) if each[:2] == (namespace, metric)]
    names = [dimensions[dimension] for _, _, dimensions in found]
    return {name.get("Ref") or name["Fn::GetAtt"][0] for name in names}


@pytest.mark.parametrize("metric", ["Errors", "Throttles"])
def test_every_function_has_an_alarm_for_its_errors_and_its_throttles(metric: str) -> None:
    assert watched_resources("AWS/Lambda", metric, "FunctionName") == FUNCTIONS.keys()


def test_the_5xx_alarm_watches_only_this_stages_api() -> None:
    assert [*metrics_of(ALARMS["ApiErrorsAlarm"])] == [
        ("AWS/ApiGateway", "5XXError", {"ApiName": API["info"]["title"], "Stage": CONFIG["api_gateway_stage"]})
    ]
    assert API["info"]["title"] == {"Fn::Sub": "petitions-${Stage}"}


def test_the_runbook_lists_exactly_the_alarms() -> None:
    text = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    functions = {f"{name}{kind}Alarm" for name in FUNCTIONS for kind in ("Errors", "Throttles")}
    assert {*re.findall(r"`(\w+Alarm)`", text)} == ALARMS.keys() - functions
    assert {"`…ErrorsAlarm`", "`…ThrottlesAlarm`"} <= {*re.findall(r"`…\w+`", text)}


def test_the_email_address_for_alarms_is_optional() -> None:
    assert TEMPLATE["Parameters"]["AlarmEmail"]["Default"] == ""
    assert RESOURCES["AlarmsSubscription"]["Condition"] == "HasAlarmEmail"


def test_the_dashboard_shows_only_existing_resources_and_metrics() -> None:
    dashboard = RESOURCES["Dashboard"]["Properties"]
    assert dashboard["DashboardName"] == {"Fn::Sub": "petitions-${Stage}-${AWS::Region}"}, "names are global"
    body = dashboard["DashboardBody"]["Fn::Sub"]
    names = {name.partition(".")[0] for name in re.findall(r"\$\{([\w.:]+)\}", body)} - {"AWS::Region", "Stage"}
    assert names <= RESOURCES.keys()
    shown = {
        metric[1]
        for widget in json.loads(body)["widgets"]
        for metric in widget["properties"]["metrics"]
        if metric[0] == NAMESPACE
    }
    kinds = {refused_metric(status) for status in (*REFUSED_STATUSES, 499)}
    assert shown == {*Metric, *kinds} - {Metric.REFUSED}


def test_recounts_run_more_often_than_the_alarms_period() -> None:
    assert events("Schedule")["RecountTallies"] == {"Schedule": "rate(6 hours)"}
    drift = ALARMS["DriftAlarm"]
    assert (drift["Period"], drift["TreatMissingData"]) == (24 * 3600, "breaching")
