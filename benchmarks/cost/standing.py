"""Compute what a stage costs in a month while nobody signs, from the template and the prices."""

from collections.abc import Iterator
from typing import Any

from benchmarks.cost.prices import Line, Prices
from benchmarks.lambdas import memory_mb
from stack.local.sources import rate_seconds
from stack.template.merge import merge_template

# US dollars a month, without the CDN. The last: what a petition adds.
GOALS_USD = {"prod": 8.0, "dev": 4.0, "petition": 0.5}
# Hours in a month, as AWS counts them on its price pages.
_HOURS = 730
# Lambda polls an idle queue by five connections, each of which waits up to 20 seconds for a message.
_POLLS_AN_HOUR = 5 * 3600 / 20
# Assumptions for a scheduled run that finds nothing to do.
_RUN_SECONDS, _RUN_LOG_BYTES = 0.2, 800
# The hours of a day in which an idle stage sends a metric of ours: one for cold starts, and two for the recounts, which
# run every six hours. Requests of robots add one, for refusals.
_METRIC_HOURS_A_DAY = 24 + 2 * 4 + 24
# A petition's recounts read all its signatures. One read unit is for 8 KB.
_PETITION_SIGNATURES, _RECOUNTS_A_DAY, _UNIT_BYTES = 100_000, 4, 8_192


# What a stage costs more if it has these.
OPTIONS = (
    Line("the CDN: web ACL with seven rules", "web_acl", 1 + 7 / 5),
    Line("a key of your own", "kms_key", 1),
    Line("each GB of a table: storage", "table_gb_month", 1, 25),
    Line("each GB of a table: point-in-time recovery", "backup_gb_month", 1),
)


def standing_lines(stage: str) -> list[Line]:
    """Return the rows of an idle stage. The stage dev has only the few alarms (Alarms=few)."""
    resources: dict[str, Any] = merge_template()["Resources"]
    alarm_metrics = sum(_alarm_metrics(each, with_all=stage == "prod") for each in resources.values())
    secrets = sum(each.get("Type") == "AWS::SecretsManager::Secret" for each in resources.values())
    polls = _polled_queues(resources) * _POLLS_AN_HOUR * _HOURS
    schedules = [each["Properties"]["Schedule"] for each in resources["CheckMail"]["Properties"]["Events"].values()]
    checks = sum(3600 * _HOURS / rate_seconds(each) for each in schedules)
    runs = {"check_mail": checks, "recount_tallies": _RECOUNTS_A_DAY * _HOURS / 24}
    gb_seconds = sum(number * _RUN_SECONDS * memory_mb(name) / 1024 for name, number in runs.items())
    return [
        Line("alarms, for each metric", "alarm_metric", alarm_metrics, 10),
        Line("secrets", "secret", secrets),
        Line("SQS: Lambda polls idle queues", "queue_request", polls, 1e6),
        Line("stream: Lambda polls it", "stream_read", 0),
        Line("our metrics, by the hour", "custom_metric", _METRIC_HOURS_A_DAY / 24, 10),
        Line("scheduled runs: requests", "lambda_request", sum(runs.values()), 1e6),
        Line("scheduled runs: GB-seconds", "lambda_gb_second", gb_seconds, 400_000),
        Line("scheduled runs: logs", "log_gb", sum(runs.values()) * _RUN_LOG_BYTES / 1e9, 5),
        Line("dashboard, with at most 50 metrics", "dashboard", 1, 3),
    ]


def petition_lines(item_bytes: float) -> list[Line]:
    """Return what an open petition with 100,000 signatures costs more. `item_bytes`: the size of a signature's item."""
    recounts = _RECOUNTS_A_DAY * _HOURS / 24
    read_units = _PETITION_SIGNATURES * item_bytes / _UNIT_BYTES * recounts
    return [
        Line("its metric, if somebody confirms in every hour", "custom_metric", 1),
        Line("recounts of 100,000 signatures", "read_unit", read_units),
    ]


def _alarm_metrics(declared: dict[str, Any], with_all: bool) -> int:
    """Return how many metrics an alarm is billed for; 0 if the resource is not an alarm, or not in this stage."""
    is_left_out = not with_all and "AllAlarms" in declared.get("Condition", "")
    if declared.get("Type") != "AWS::CloudWatch::Alarm" or is_left_out:
        return 0
    return sum("MetricStat" in each for each in declared["Properties"].get("Metrics", [{"MetricStat": {}}]))


def _polled_queues(resources: dict[str, Any]) -> int:
    events = [each["Properties"].get("Events", {}).values() for each in resources.values() if "Properties" in each]
    return sum("Queue" in event["Properties"] for declared in events for event in declared)


def standing_table(item_bytes: float, prices: Prices) -> Iterator[str]:
    """Yield lines to print."""

    def line(item: str, rows: list[Line]) -> str:
        at_list, beyond_free = sum(row.usd(prices) for row in rows), sum(row.usd_beyond_free(prices) for row in rows)
        return f"{item:<52}{at_list:>12.2f}{beyond_free:>12.2f}"

    yield f"{'US dollars a month while nobody signs':<52}{'list price':>12}{'beyond free':>12}"
    for name, rows in (
        ("prod", standing_lines("prod")),
        ("dev", standing_lines("dev")),
        ("petition", petition_lines(item_bytes)),
    ):
        yield from (line(f"  {row.item}", [row]) for row in rows)
        yield f"{line(name, rows)}   goal ≤ {GOALS_USD[name]:g}"
    yield "more, if you have it:"
    yield from (line(f"  {row.item}", [row]) for row in OPTIONS)
