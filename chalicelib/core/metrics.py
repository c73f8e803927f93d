"""Metrics in log lines, in CloudWatch's embedded metric format; no API calls.

CloudWatch counts each metric by stage; those of BY_PETITION also by petition, if the line names one. Each metric costs
money, so a line names only petitions that exist.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
from collections.abc import Iterable
from enum import StrEnum
from functools import cache
from typing import Any

NAMESPACE = "Petitions"


class Metric(StrEnum):
    """ACCEPTED, REPEATED and OVERFLOWED are also the names of signing's outcomes (signatures.sign)."""

    ACCEPTED = "Accepted"
    REPEATED = "Repeated"
    OVERFLOWED = "Overflowed"
    CONFIRMED = "Confirmed"
    WITHDRAWN = "Withdrawn"
    CONFLICT_RETRIED = "ConflictRetried"
    # Responses: REFUSED counts every 4xx, and FAILED every 5xx. The log line has the status.
    REFUSED = "Refused"
    FAILED = "Failed"
    COLD_START = "ColdStart"
    MAIL_REQUESTED = "MailRequested"
    MAIL_SENT = "MailSent"
    MAIL_REFUSED = "MailRefused"
    MAIL_UNKNOWN = "MailUnknown"
    # The seconds from the request of an email until a sender gets its message: without the wait for the rate limit.
    MAIL_AGE = "MailAge"
    TARGET_PAUSED = "TargetPaused"
    MESSAGE_LATER = "MessageLater"
    MESSAGE_FAILED = "MessageFailed"
    # A part fails until somebody repairs it, and requests continue without it.
    DEGRADED = "Degraded"
    # DynamoDB throttled or failed a call, also when AWS's SDK repeated it.
    TABLE_FAILED = "TableFailed"
    # What a recount found: the largest drift of the tally's sums, and the drift of the counters of pending signatures.
    DRIFT = "Drift"
    PENDING_DRIFT = "PendingDrift"


BY_PETITION = frozenset({str(Metric.CONFIRMED)})
_UNITS: dict[str, str] = {Metric.MAIL_AGE: "Seconds"}


def directive(names: Iterable[str], has_petition: bool, epoch_millis: int) -> str:
    """Return the member `_aws` of a log line, which tells CloudWatch what are metrics.

    As text, because that is faster than to encode a dict: every signature logs such a line.
    """
    return f'"_aws": {{"Timestamp": {epoch_millis}, "CloudWatchMetrics": {_definitions(tuple(names), has_petition)}}}'


@cache
def _definitions(names: tuple[str, ...], has_petition: bool) -> str:
    blocks = [_block(["stage"], names)]
    by_petition = tuple(name for name in names if name in BY_PETITION)
    if has_petition and by_petition:
        blocks.append(_block(["stage", "petition"], by_petition))
    return json.dumps(blocks)


def _block(dimensions: list[str], names: Iterable[str]) -> dict[str, Any]:
    metrics = [{"Name": name, "Unit": _UNITS.get(name, "Count")} for name in names]
    return {"Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": metrics}
