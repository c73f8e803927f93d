"""The CloudWatch dashboard of a stage: metrics of our code, and of each queue, stream reader, function and table.

A dashboard with at most 50 metrics is free (docs/aws-facts.md). So a chart of many metrics has a search instead.
"""

import json
from typing import Any

from chalicelib.core.metrics import NAMESPACE, Metric
from stack.template.alarms import FUNCTION_FAILED
from stack.template.cfn import Template, resource, sub
from stack.template.config import api_stage

_WIDTH, _HEIGHT, _COLUMNS = 8, 6, 3
# CloudFormation replaces this text by the name of the stage.
_STAGE = "${Stage}"
Line = list[Any]
"""One metric of a chart in CloudWatch's notation: namespace, name, dimensions, and a dict of options at the end."""


def dashboard(resources: Template) -> Template:
    charts = [*_signing_charts(), *_email_charts(), *_work_charts(resources), *_aws_charts(resources)]
    widgets = [_widget(number, chart) for number, chart in enumerate(charts)]
    body = json.dumps({"widgets": widgets}, separators=(",", ":"))
    # Dashboards are global. With the region in its name, a stage can exist in two regions.
    properties = {"DashboardName": sub("petitions-${Stage}-${AWS::Region}"), "DashboardBody": sub(body)}
    return {"Resources": {"Dashboard": resource("CloudWatch::Dashboard", properties)}}


def _widget(number: int, chart: Template) -> Template:
    row, column = divmod(number, _COLUMNS)
    position = {"x": column * _WIDTH, "y": row * _HEIGHT, "width": _WIDTH, "height": _HEIGHT}
    return {"type": "metric", **position, "properties": chart}


def _chart(title: str, lines: list[Line], stat: str = "Sum", period: int = 60) -> Template:
    settings = {"region": "${AWS::Region}", "stat": stat, "period": period, "view": "timeSeries"}
    return {"title": title, **settings, "metrics": lines}


def _own_metric_lines(*metrics: str, **options: str) -> list[Line]:
    last = [options] if options else []
    return [[NAMESPACE, str(metric), "stage", _STAGE, *last] for metric in metrics]


def _api_line(metric: str, **options: str) -> Line:
    last = [options] if options else []
    return ["AWS/ApiGateway", metric, "ApiName", f"petitions-{_STAGE}", "Stage", api_stage(), *last]


def _search(name: str, terms: str, stat: str = "Sum") -> Line:
    """Return a line for each metric that matches the terms. `name`: unique in the chart."""
    return [{"expression": f"SEARCH('{terms}', '{stat}', 300)", "id": name}]


# Queues and functions are given by their logical ids.
def _queue_line(metric: str, queue_id: str, **options: str) -> Line:
    return ["AWS/SQS", metric, "QueueName", f"${{{queue_id}.QueueName}}", options]


def _function_line(metric: str, function_id: str) -> Line:
    return ["AWS/Lambda", metric, "FunctionName", f"${{{function_id}}}", {"label": function_id}]


def _search_line(namespace: str, dimension: str, metric: str, stat: str = "Sum") -> Line:
    """Return a line for each resource of the stage, whose name begins with petitions-<stage>."""
    terms = f'{{{namespace},{dimension}}} MetricName="{metric}" {dimension}=petitions-{_STAGE}'
    return _search(metric.lower(), terms, stat)


def _properties_by_id(resources: Template, kind: str) -> Template:
    return {name: each["Properties"] for name, each in resources.items() if each.get("Type") == f"AWS::{kind}"}


def _signing_charts() -> list[Template]:
    by_petition = _search("by", f'{{{NAMESPACE},stage,petition}} MetricName="Confirmed" stage="{_STAGE}"')
    return [
        _chart("Signing: requests", _own_metric_lines(Metric.ACCEPTED, Metric.REPEATED, Metric.OVERFLOWED)),
        _chart("Requests: refused, failed", _own_metric_lines(Metric.REFUSED, Metric.FAILED, Metric.DEGRADED)),
        _chart("Confirmed and withdrawn", _own_metric_lines(Metric.CONFIRMED, Metric.WITHDRAWN)),
        _chart("Confirmed, by petition", [by_petition], period=300),
    ]


def _email_charts() -> list[Template]:
    emails = (Metric.MAIL_REQUESTED, Metric.MAIL_SENT, Metric.MAIL_REFUSED, Metric.MAIL_UNKNOWN, Metric.TARGET_PAUSED)
    messages = (Metric.MESSAGE_LATER, Metric.MESSAGE_FAILED)
    oldest = _queue_line("ApproximateAgeOfOldestMessage", "MailQueue", stat="Maximum")
    median_age = _own_metric_lines(Metric.MAIL_AGE, stat="p50")
    high_age = _own_metric_lines(Metric.MAIL_AGE, stat="p99")
    ages = [*median_age, *high_age, oldest]
    return [
        _chart("Email: requests, results, messages", _own_metric_lines(*emails, *messages)),
        _chart("Email: seconds from request to sending, and age of the oldest message", ages),
    ]


def _work_charts(resources: Template) -> list[Template]:
    reader_ids = [logical for logical, declared in resources.items() if _reads_stream(declared)]
    lags = [_function_line("IteratorAge", reader_id) for reader_id in reader_ids]
    # A conflict: two transactions changed the same counter at once. Drift: a counter differs from its signatures.
    conflicts = _own_metric_lines(Metric.CONFLICT_RETRIED)
    drift = _own_metric_lines(Metric.DRIFT, Metric.PENDING_DRIFT, stat="Maximum", yAxis="right")
    return [
        _chart("Dead letters", _dead_letter_lines(resources), "Maximum", 300),
        _chart("Stream: milliseconds behind", lags, "Maximum"),
        _chart("Counting: conflicts and drift", [*conflicts, *drift]),
    ]


def _dead_letter_lines(resources: Template) -> list[Line]:
    # All other queues have a RedrivePolicy, which names their dead-letter queue.
    queues = [name for name, each in _properties_by_id(resources, "SQS::Queue").items() if "RedrivePolicy" not in each]
    waiting = "ApproximateNumberOfMessagesVisible"
    return [_queue_line(waiting, queue, label=queue.removesuffix("DeadLetterQueue")) for queue in queues]


def _reads_stream(declared: Template) -> bool:
    events = declared.get("Properties", {}).get("Events", {})
    return any("Stream" in event["Properties"] for event in events.values())


def _aws_charts(resources: Template) -> list[Template]:
    errors = [_search_line("AWS/Lambda", "FunctionName", metric) for metric in ("Errors", "Throttles")]
    running = _search_line("AWS/Lambda", "FunctionName", "ConcurrentExecutions", "Maximum")
    table_metrics = ("ConsumedWriteCapacityUnits", "WriteThrottleEvents", "ReadThrottleEvents")
    tables = [_search_line("AWS/DynamoDB", "TableName", metric) for metric in table_metrics]
    reputation: list[Line] = [["AWS/SES", f"Reputation.{rate}Rate"] for rate in ("Bounce", "Complaint")]
    return [
        _chart("API: requests and errors", [_api_line(each) for each in ("Count", "4XXError", "5XXError")]),
        _chart("API: latency", [_api_line("Latency", stat=each) for each in ("p50", "p99")]),
        _chart("Functions: concurrent executions", [running]),
        _chart("Functions: errors and throttles", [*errors, [NAMESPACE, FUNCTION_FAILED]], period=300),
        _chart("Cold starts", _own_metric_lines(Metric.COLD_START)),
        _chart("Tables: write units, throttles, failed calls", [*tables, *_own_metric_lines(Metric.TABLE_FAILED)]),
        _chart("SES reputation (whole account)", reputation, "Maximum", 3600),
    ]
