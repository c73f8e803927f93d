"""The dashboard of a stage: metrics of the code, and of each queue, stream reader, function and table."""

import json
from typing import Any

from chalicelib.core.metrics import NAMESPACE, REFUSED_STATUSES, Metric, refused
from stack.template.cfn import Template, resource, sub
from stack.template.functions import function_settings, logical_id

_WIDTH, _HEIGHT, _COLUMNS = 8, 6, 3
_STAGE = "${Stage}"
Line = list[Any]


def dashboard(resources: Template) -> Template:
    """Return the dashboard of these resources."""
    charts = [*_signing_charts(), *_email_charts(), *_work_charts(resources), *_aws_charts(resources)]
    widgets = [_widget(number, chart) for number, chart in enumerate(charts)]
    body = json.dumps({"widgets": widgets}, separators=(",", ":"))
    properties = {"DashboardName": sub("petitions-${Stage}"), "DashboardBody": sub(body)}
    return {"Resources": {"Dashboard": resource("CloudWatch::Dashboard", properties)}}


def _widget(number: int, properties: Template) -> Template:
    row, column = divmod(number, _COLUMNS)
    place = {"x": column * _WIDTH, "y": row * _HEIGHT, "width": _WIDTH, "height": _HEIGHT}
    return {"type": "metric", **place, "properties": properties}


def _chart(title: str, lines: list[Line], stat: str = "Sum", period: int = 60) -> Template:
    """Return a chart. `period` is in seconds."""
    shown = {"region": "${AWS::Region}", "stat": stat, "period": period, "view": "timeSeries"}
    return {"title": title, **shown, "metrics": lines}


def _code_lines(*metrics: str, **more: str) -> list[Line]:
    options = [more] if more else []
    return [[NAMESPACE, str(metric), "stage", _STAGE, *options] for metric in metrics]


def _api_line(metric: str, **more: str) -> Line:
    return ["AWS/ApiGateway", metric, "ApiName", f"petitions-{_STAGE}", "Stage", "site", *([more] if more else [])]


def _queue_line(metric: str, queue: str, **more: str) -> Line:
    return ["AWS/SQS", metric, "QueueName", f"${{{queue}.QueueName}}", more]


def _function_line(metric: str, name: str, label: str = "") -> Line:
    return ["AWS/Lambda", metric, "FunctionName", f"${{{name}}}", {"label": label or name}]


def _table_line(metric: str, name: str, label: str = "") -> Line:
    return ["AWS/DynamoDB", metric, "TableName", f"${{{name}}}", {"label": label or name}]


def _resources_of_type(resources: Template, kind: str) -> Template:
    return {name: each["Properties"] for name, each in resources.items() if each.get("Type") == f"AWS::{kind}"}


def _signing_charts() -> list[Template]:
    kinds = [*(refused(status) for status in sorted(REFUSED_STATUSES)), refused(499)]
    by_petition = f"SEARCH('{{{NAMESPACE},stage,petition}} MetricName=\"Confirmed\" stage=\"{_STAGE}\"', 'Sum', 300)"
    return [
        _chart("Signing: requests", _code_lines(Metric.ACCEPTED, Metric.REPEATED, Metric.OVERFLOWED)),
        _chart("Signing: refused by kind", _code_lines(*kinds, Metric.FAILED, Metric.DEGRADED)),
        _chart("Confirmed and withdrawn", _code_lines(Metric.CONFIRMED, Metric.WITHDRAWN)),
        _chart("Confirmed, by petition", [[{"expression": by_petition, "id": "by"}]], period=300),
    ]


def _email_charts() -> list[Template]:
    sent = (Metric.MAIL_REQUESTED, Metric.MAIL_SENT, Metric.MAIL_REFUSED, Metric.MAIL_UNKNOWN, Metric.TARGET_PAUSED)
    messages = (Metric.MESSAGE_LATER, Metric.MESSAGE_FAILED)
    oldest = _queue_line("ApproximateAgeOfOldestMessage", "MailQueue", stat="Maximum")
    ages = [*_code_lines(Metric.MAIL_AGE, stat="p50"), *_code_lines(Metric.MAIL_AGE, stat="p99"), oldest]
    return [
        _chart("Email: requested, sent, refused, unknown", _code_lines(*sent, *messages)),
        _chart("Email: seconds from request to sending", ages),
    ]


def _work_charts(resources: Template) -> list[Template]:
    queues = _resources_of_type(resources, "SQS::Queue")
    dead_letters = [
        _queue_line("ApproximateNumberOfMessagesVisible", name, label=name.removesuffix("DeadLetterQueue"))
        for name, queue in queues.items()
        if "RedrivePolicy" not in queue
    ]
    sources = {
        name: [event["Properties"] for event in each.get("Properties", {}).get("Events", {}).values()]
        for name, each in resources.items()
    }
    readers = [name for name, events in sources.items() if any("Stream" in event for event in events)]
    lags = [_function_line("IteratorAge", name) for name in readers]
    on_the_right = {"stat": "Maximum", "yAxis": "right"}
    drift = _code_lines(Metric.DRIFT, Metric.PENDING_DRIFT, **on_the_right)
    return [
        _chart("Dead letters", dead_letters, "Maximum", 300),
        _chart("Stream: milliseconds behind", lags, "Maximum"),
        _chart("Counting: conflicts and drift", [*_code_lines(Metric.CONFLICT_RETRIED), *drift]),
    ]


def _aws_charts(resources: Template) -> list[Template]:
    functions = [logical_id(name) for name in function_settings()]
    errors = [_function_line(each, name, f"{name} {each}") for name in functions for each in ("Errors", "Throttles")]
    running = [_function_line("ConcurrentExecutions", name) for name in functions]
    writes = [
        line
        for name in _resources_of_type(resources, "DynamoDB::Table")
        for line in (
            _table_line("ConsumedWriteCapacityUnits", name),
            _table_line("WriteThrottleEvents", name, f"{name} throttled"),
        )
    ]
    reputation: list[Line] = [["AWS/SES", f"Reputation.{rate}Rate"] for rate in ("Bounce", "Complaint")]
    return [
        _chart("API: requests and errors", [_api_line(each) for each in ("Count", "4XXError", "5XXError")]),
        _chart("API: latency", [_api_line("Latency", stat=each) for each in ("p50", "p99")]),
        _chart("Functions: concurrent executions", running, "Maximum"),
        _chart("Functions: errors and throttles", errors),
        _chart("Cold starts", _code_lines(Metric.COLD_START)),
        _chart("Tables: write units and throttles", writes),
        _chart("SES reputation (whole account)", reputation, "Maximum", 3600),
    ]
