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
    widgets = [_widget(number, chart) for number, chart in enumerate(_charts(resources))]
    body = json.dumps({"widgets": widgets}, separators=(",", ":"))
    # Dashboards are global. With the region in its name, a stage can exist in two regions.
    properties = {"DashboardName": sub("petitions-${Stage}-${AWS::Region}"), "DashboardBody": sub(body)}
    return {"Resources": {"Dashboard": resource("CloudWatch::Dashboard", properties)}}


def _widget(number: int, chart: tuple[str, str, int, list[Line]]) -> Template:
    title, stat, period, lines = chart
    row, column = divmod(number, _COLUMNS)
    position = {"x": column * _WIDTH, "y": row * _HEIGHT, "width": _WIDTH, "height": _HEIGHT}
    settings = {"region": "${AWS::Region}", "stat": stat, "period": period, "view": "timeSeries"}
    return {"type": "metric", **position, "properties": {"title": title, **settings, "metrics": lines}}


def _charts(resources: Template) -> list[tuple[str, str, int, list[Line]]]:
    """Return the charts: title, statistic, seconds of a period, and lines.

    A conflict: two transactions changed the same counter at once. Drift: a counter differs from its signatures.
    """
    by_petition = _search("by", f'{{{NAMESPACE},stage,petition}} MetricName="Confirmed" stage="{_STAGE}"')
    emails = (Metric.MAIL_REQUESTED, Metric.MAIL_SENT, Metric.MAIL_REFUSED, Metric.MAIL_UNKNOWN, Metric.TARGET_PAUSED)
    messages = (Metric.MESSAGE_LATER, Metric.MESSAGE_FAILED)
    ages = [*_own(Metric.MAIL_AGE, stat="p50"), *_own(Metric.MAIL_AGE, stat="p99")]
    drift = _own(Metric.DRIFT, Metric.PENDING_DRIFT, stat="Maximum", yAxis="right")
    lags = [
        ["AWS/Lambda", "IteratorAge", "FunctionName", f"${{{reader}}}", {"label": reader}]
        for reader, declared in resources.items()
        if _reads_stream(declared)
    ]
    # All other queues have a RedrivePolicy, which names their dead-letter queue.
    dead_letters = [
        _queue("ApproximateNumberOfMessagesVisible", name, label=name.removesuffix("DeadLetterQueue"))
        for name, declared in resources.items()
        if declared.get("Type") == "AWS::SQS::Queue" and "RedrivePolicy" not in declared["Properties"]
    ]
    failures = [_each("AWS/Lambda", "FunctionName", metric) for metric in ("Errors", "Throttles")]
    table_metrics = ("ConsumedWriteCapacityUnits", "WriteThrottleEvents", "ReadThrottleEvents")
    tables = [_each("AWS/DynamoDB", "TableName", metric) for metric in table_metrics]
    running = _each("AWS/Lambda", "FunctionName", "ConcurrentExecutions", "Maximum")
    reputation: list[Line] = [["AWS/SES", f"Reputation.{rate}Rate"] for rate in ("Bounce", "Complaint")]
    return [
        ("Signing: requests", "Sum", 60, _own(Metric.ACCEPTED, Metric.REPEATED, Metric.OVERFLOWED)),
        ("Requests: refused, failed", "Sum", 60, _own(Metric.REFUSED, Metric.FAILED, Metric.DEGRADED)),
        ("Confirmed and withdrawn", "Sum", 60, _own(Metric.CONFIRMED, Metric.WITHDRAWN)),
        ("Confirmed, by petition", "Sum", 300, [by_petition]),
        ("Email: requests, results, messages", "Sum", 60, _own(*emails, *messages)),
        (
            "Email: seconds from request to sending, and age of the oldest message",
            "Sum",
            60,
            [*ages, _queue("ApproximateAgeOfOldestMessage", "MailQueue", stat="Maximum")],
        ),
        ("Dead letters", "Maximum", 300, dead_letters),
        ("Stream: milliseconds behind", "Maximum", 60, lags),
        ("Counting: conflicts and drift", "Sum", 60, [*_own(Metric.CONFLICT_RETRIED), *drift]),
        ("API: requests and errors", "Sum", 60, [_api(each) for each in ("Count", "4XXError", "5XXError")]),
        ("API: latency", "Sum", 60, [_api("Latency", stat=each) for each in ("p50", "p99")]),
        ("Functions: concurrent executions", "Sum", 60, [running]),
        ("Functions: errors and throttles", "Sum", 300, [*failures, [NAMESPACE, FUNCTION_FAILED]]),
        ("Cold starts", "Sum", 60, _own(Metric.COLD_START)),
        ("Tables: write units, throttles, failed calls", "Sum", 60, [*tables, *_own(Metric.TABLE_FAILED)]),
        ("SES reputation (whole account)", "Maximum", 3600, reputation),
    ]


def _own(*metrics: str, **options: str) -> list[Line]:
    return [[NAMESPACE, str(metric), "stage", _STAGE, options] for metric in metrics]


def _api(metric: str, **options: str) -> Line:
    return ["AWS/ApiGateway", metric, "ApiName", f"petitions-{_STAGE}", "Stage", api_stage(), options]


def _queue(metric: str, queue_id: str, **options: str) -> Line:
    return ["AWS/SQS", metric, "QueueName", f"${{{queue_id}.QueueName}}", options]


def _each(namespace: str, dimension: str, metric: str, stat: str = "Sum") -> Line:
    """Return a line for each resource of the stage, whose name begins with petitions-<stage>."""
    terms = f'{{{namespace},{dimension}}} MetricName="{metric}" {dimension}=petitions-{_STAGE}'
    return _search(metric.lower(), terms, stat)


def _search(name: str, terms: str, stat: str = "Sum") -> Line:
    """Return a line for each metric that matches the terms. `name`: unique in the chart."""
    return [{"expression": f"SEARCH('{terms}', '{stat}', 300)", "id": name}]


def _reads_stream(declared: Template) -> bool:
    events = declared.get("Properties", {}).get("Events", {})
    return any("Stream" in event["Properties"] for event in events.values())
