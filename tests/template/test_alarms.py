"""Alarms and the dashboard."""

import json
import re
from collections.abc import Iterator
from typing import Any

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


def test_every_function_has_an_alarm_for_its_errors_and_its_throttles() -> None:
    """But an authorizer refuses an unknown token with an error. An alarm on that would tell nothing."""
    authorizers = {"StaffAuthorizer", "PartnerAuthorizer"}
    assert watched_resources("AWS/Lambda", "Throttles", "FunctionName") == FUNCTIONS.keys()
    assert watched_resources("AWS/Lambda", "Errors", "FunctionName") == FUNCTIONS.keys() - authorizers


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


def test_the_drift_alarm_always_sees_a_whole_recount_and_keeps_its_state_without_one() -> None:
    assert events("Schedule")["RecountTallies"] == {"Schedule": "rate(6 hours)"}
    drift = ALARMS["DriftAlarm"]
    longest_recount = CONFIG["lambda_functions"]["recount_tallies"]["lambda_timeout"]
    assert 6 * 3600 + longest_recount <= drift["Period"] <= 7 * 3600, "docs/runbook.md says that it ends after 7 hours"
    assert (drift["EvaluationPeriods"], drift["TreatMissingData"]) == (1, "ignore")


def test_twenty_refused_emails_in_fifteen_minutes_start_an_alarm() -> None:
    alarm = ALARMS["MailRefusedAlarm"]
    assert [*metrics_of(alarm)] == [(NAMESPACE, Metric.MAIL_REFUSED, {"stage": {"Ref": "Stage"}})]
    assert (alarm["Statistic"], alarm["Threshold"], alarm["Period"]) == ("Sum", 20, 15 * 60)
    assert (alarm["EvaluationPeriods"], alarm["TreatMissingData"]) == (1, "notBreaching")


def test_the_documented_number_of_alarms_is_right() -> None:
    text = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    assert re.findall(r"(\d+) alarms", text) == [str(len(ALARMS))]
