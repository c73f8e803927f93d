"""Alarms and the dashboard."""

import json
import re
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest

from chalicelib.core.metrics import NAMESPACE, REFUSED_STATUSES, Metric, refused_metric
from stack.template.us_east_1 import us_east_1
from tests.template.aws_metrics import METRICS
from tests.template.packaged import (
    API,
    CONFIG,
    FUNCTIONS,
    RESOURCES,
    ROOT,
    TABLES,
    TEMPLATE,
    Resource,
    events,
    logical_id,
    of_type,
)

ALARMS = of_type("AWS::CloudWatch::Alarm")


def metrics_of(alarm: Resource) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield namespace, name and dimensions of each metric of an alarm."""
    plain = [alarm] if "MetricName" in alarm else []
    summands = [each["MetricStat"]["Metric"] for each in alarm.get("Metrics", []) if "MetricStat" in each]
    for metric in [*plain, *summands]:
        dimensions = {each["Name"]: each["Value"] for each in metric.get("Dimensions", [])}
        yield metric["Namespace"], metric["MetricName"], dimensions


def watched_resources(namespace: str, metric: str, dimension: str) -> set[str]:
    """Return the logical ids that alarms on this metric have in this dimension."""
    resources = set()
    for alarm in ALARMS.values():
        for found_namespace, found_metric, dimensions in metrics_of(alarm):
            if (found_namespace, found_metric) == (namespace, metric):
                resources.add(logical_id(dimensions[dimension]))
    return resources


def test_every_function_has_an_alarm_for_its_errors_and_its_throttles() -> None:
    for metric in ("Errors", "Throttles"):
        assert watched_resources("AWS/Lambda", metric, "FunctionName") == FUNCTIONS.keys()


def test_a_refused_token_is_an_error_of_its_authorizer_but_sets_off_no_alarm() -> None:
    """Lambda counts it as an error. So the alarm subtracts the refused tokens."""
    assert not {"StaffAuthorizerErrorsAlarm", "PartnerAuthorizerErrorsAlarm"} & ALARMS.keys()
    expression = ALARMS["AuthorizersAlarm"]["Metrics"][0]["Expression"]
    assert expression == "FILL(staff_authorizer, 0) + FILL(partner_authorizer, 0) - FILL(refused, 0)"


def test_the_5xx_alarm_watches_only_this_stages_api() -> None:
    assert [*metrics_of(ALARMS["ApiErrorsAlarm"])] == [
        ("AWS/ApiGateway", "5XXError", {"ApiName": API["info"]["title"], "Stage": CONFIG["api_gateway_stage"]})
    ]
    assert API["info"]["title"] == {"Fn::Sub": "petitions-${Stage}"}


def test_the_runbook_lists_exactly_the_alarms() -> None:
    text = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    functions = {f"{name}{kind}Alarm" for name in FUNCTIONS for kind in ("Errors", "Throttles")}
    in_us_east_1 = {"EdgeErrorsAlarm"}
    assert in_us_east_1 < us_east_1()["Resources"].keys()
    assert {*re.findall(r"`(\w+Alarm)`", text)} == (ALARMS.keys() - functions) | in_us_east_1
    assert {"`…ErrorsAlarm`", "`…ThrottlesAlarm`"} <= {*re.findall(r"`…\w+`", text)}


def test_the_runbook_lists_the_alarms_that_stage_local_lacks() -> None:
    text = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    [listed] = re.findall(r"alarms with metric math \(all alarms on DynamoDB, (.+?)\), so the stage `local`", text)
    on_tables = {f"{table}{kind}Alarm" for table in TABLES.values() for kind in ("Errors", "Throttles")}
    lacking = {name for name in ALARMS if RESOURCES[name].get("Condition") == "OnAws"}
    assert {*re.findall(r"`(\w+)`", listed)} == lacking - on_tables
    assert on_tables <= lacking


def test_the_email_address_for_alarms_is_optional() -> None:
    assert TEMPLATE["Parameters"]["AlarmEmail"]["Default"] == ""
    assert RESOURCES["AlarmsSubscription"]["Condition"] == "HasAlarmEmail"


def test_the_dashboard_shows_only_existing_resources_and_metrics() -> None:
    dashboard = RESOURCES["Dashboard"]["Properties"]
    assert dashboard["DashboardName"] == {"Fn::Sub": "petitions-${Stage}-${AWS::Region}"}, "names are global"
    body = dashboard["DashboardBody"]["Fn::Sub"]
    placeholders = re.findall(r"\$\{([\w.:]+)\}", body)
    names = {placeholder.partition(".")[0] for placeholder in placeholders}
    assert names - {"AWS::Region", "Stage"} <= RESOURCES.keys()
    shown = set()
    for widget in json.loads(body)["widgets"]:
        metrics = widget["properties"]["metrics"]
        shown |= {metric[1] for metric in metrics if metric[0] == NAMESPACE}
    kinds_of_refusal = {refused_metric(status) for status in (*REFUSED_STATUSES, 499)}
    assert shown == {*Metric, *kinds_of_refusal} - {Metric.REFUSED}


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
    operations = {
        each[2]["Operation"] for alarm in ALARMS.values() for each in metrics_of(alarm) if "Operation" in each[2]
    }
    model = botocore.session.get_session().get_service_model("dynamodb")
    assert operations <= set(model.operation_names)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("ApproximateAgeOfOldestMessage", "ApproximateAgeOfOldestMessages"),
        ("SystemErrors", "SystemError"),
        ("QueueName", "Queue"),
        ("AWS/ApiGateway", "AWS/APIGateway"),
        ("5XXError", "5xxError"),
        ('"Operation"', '"Operations"'),
        ("Overflowed", "Overflow"),
        ('"stage"', '"Stage"'),
    ],
)
def test_a_misspelt_metric_or_dimension_is_found(before: str, after: str) -> None:
    alarms = json.loads(json.dumps(ALARMS).replace(before, after))
    assert unknown_metrics(alarms, BODY.replace(before, after))


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
