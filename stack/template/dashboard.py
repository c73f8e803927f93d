"""The dashboard of a stage: metrics of the code, and of each queue, stream reader, function and table."""

import json
from typing import Any

from chalicelib.core.metrics import NAMESPACE, REFUSALS, Metric, refused
from stack.template.cfn import Template, resource, sub
from stack.template.functions import function_settings, logical_id

_WIDTH, _HEIGHT, _COLUMNS = 8, 6, 3
_STAGE = "${Stage}"
Line = list[Any]


def dashboard(resources: Template) -> Template:
    """Return the dashboard of these resources."""
    shown = [*_signing_charts(), *_email_charts(), *_work_charts(resources), *_aws_charts(resources)]
    widgets = [_placed(number, widget) for number, widget in enumerate(shown)]
    body = json.dumps({"widgets": widgets}, separators=(",", ":"))
    properties = {"DashboardName": sub("petitions-${Stage}"), "DashboardBody": sub(body)}
    return {"Resources": {"Dashboard": resource("CloudWatch::Dashboard", properties)}}


def _placed(number: int, properties: Template) -> Template:
    row, column = divmod(number, _COLUMNS)
    place = {"x": column * _WIDTH, "y": row * _HEIGHT, "width": _WIDTH, "height": _HEIGHT}
    return {"type": "metric", **place, "properties": properties}


def _widget(title: str, lines: list[Line], stat: str = "Sum", period: int = 60) -> Template:
    """Return a chart. `period` is in seconds."""
    shown = {"region": "${AWS::Region}", "stat": stat, "period": period, "view": "timeSeries"}
    return {"title": title, **shown, "metrics": lines}


def _ours(*metrics: str, **more: str) -> list[Line]:
    options = [more] if more else []
    return [[NAMESPACE, str(metric), "stage", _STAGE, *options] for metric in metrics]


def _api(metric: str, **more: str) -> Line:
    return ["AWS/ApiGateway", metric, "ApiName", f"petitions-{_STAGE}", "Stage", "site", *([more] if more else [])]


def _queue(metric: str, queue: str, **more: str) -> Line:
    return ["AWS/SQS", metric, "QueueName", f"${{{queue}.QueueName}}", more]


def _function(metric: str, name: str, label: str = "") -> Line:
    return ["AWS/Lambda", metric, "FunctionName", f"${{{name}}}", {"label": label or name}]


def _table(metric: str, name: str, label: str = "") -> Line:
    return ["AWS/DynamoDB", metric, "TableName", f"${{{name}}}", {"label": label or name}]


def _resources_of_type(resources: Template, kind: str) -> Template:
    return {name: each["Properties"] for name, each in resources.items() if each.get("Type") == f"AWS::{kind}"}


def _signing_charts() -> list[Template]:
    kinds = [*(refused(status) for status in sorted(REFUSALS)), refused(499)]
    by_petition = f"SEARCH('{{{NAMESPACE},stage,petition}} MetricName=\"Confirmed\" stage=\"{_STAGE}\"', 'Sum', 300)"
    return [
        _widget("Signing: requests", _ours(Metric.ACCEPTED, Metric.REPEATED, Metric.OVERFLOWED)),
        _widget("Signing: refused by kind", _ours(*kinds, Metric.FAILED, Metric.DEGRADED)),
        _widget("Confirmed and withdrawn", _ours(Metric.CONFIRMED, Metric.WITHDRAWN)),
        _widget("Confirmed, by petition", [[{"expression": by_petition, "id": "by"}]], period=300),
    ]


def _email_charts() -> list[Template]:
    sent = (Metric.MAIL_REQUESTED, Metric.MAIL_SENT, Metric.MAIL_REFUSED, Metric.MAIL_UNKNOWN, Metric.TARGET_PAUSED)
    messages = (Metric.MESSAGE_LATER, Metric.MESSAGE_FAILED)
    oldest = _queue("ApproximateAgeOfOldestMessage", "MailQueue", stat="Maximum")
    ages = [*_ours(Metric.MAIL_AGE, stat="p50"), *_ours(Metric.MAIL_AGE, stat="p99"), oldest]
    return [
        _widget("Email: requested, sent, refused, unknown", _ours(*sent, *messages)),
        _widget("Email: seconds from request to sending", ages),
    ]


def _work_charts(resources: Template) -> list[Template]:
    dead = [name for name, each in _resources_of_type(resources, "SQS::Queue").items() if "RedrivePolicy" not in each]
    waiting = [
        _queue("ApproximateNumberOfMessagesVisible", name, label=name.removesuffix("DeadLetterQueue")) for name in dead
    ]
    sources = {
        name: [event["Properties"] for event in each.get("Properties", {}).get("Events", {}).values()]
        for name, each in resources.items()
    }
    lags = [_function("IteratorAge", name) for name, events in sources.items() if any("Stream" in e for e in events)]
    on_the_right = {"stat": "Maximum", "yAxis": "right"}
    drift = _ours(Metric.DRIFT, Metric.PENDING_DRIFT, **on_the_right)
    return [
        _widget("Dead letters", waiting, "Maximum", 300),
        _widget("Stream: milliseconds behind", lags, "Maximum"),
        _widget("Counting: conflicts and drift", [*_ours(Metric.CONFLICT_RETRIED), *drift]),
    ]


def _aws_charts(resources: Template) -> list[Template]:
    functions = [logical_id(name) for name in function_settings()]
    errors = [_function(each, name, f"{name} {each}") for name in functions for each in ("Errors", "Throttles")]
    running = [_function("ConcurrentExecutions", name) for name in functions]
    writes = [
        line
        for name in _resources_of_type(resources, "DynamoDB::Table")
        for line in (
            _table("ConsumedWriteCapacityUnits", name),
            _table("WriteThrottleEvents", name, f"{name} throttled"),
        )
    ]
    reputation: list[Line] = [["AWS/SES", f"Reputation.{rate}Rate"] for rate in ("Bounce", "Complaint")]
    return [
        _widget("API: requests and errors", [_api(each) for each in ("Count", "4XXError", "5XXError")]),
        _widget("API: latency", [_api("Latency", stat=each) for each in ("p50", "p99")]),
        _widget("Functions: concurrent executions", running, "Maximum"),
        _widget("Functions: errors and throttles", errors),
        _widget("Cold starts", _ours(Metric.COLD_START)),
        _widget("Tables: write units and throttles", writes),
        _widget("SES reputation (whole account)", reputation, "Maximum", 3600),
    ]
