"""Metrics in log lines, in CloudWatch's embedded metric format; no API calls.

CloudWatch counts each metric by stage, for alarms. If the log line names a petition, CloudWatch also counts the metric
by stage and petition. Each metric costs money. So a line names only petitions that exist: a request for an invented
petition creates no metric.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
from collections.abc import Iterable
from enum import StrEnum
from functools import cache

NAMESPACE = "Petitions"


class Metric(StrEnum):
    """ACCEPTED, REPEATED and OVERFLOWED are also the names of signing's outcomes (signatures.sign)."""

    ACCEPTED = "Accepted"
    REPEATED = "Repeated"
    OVERFLOWED = "Overflowed"
    CONFIRMED = "Confirmed"
    WITHDRAWN = "Withdrawn"
    CONFLICT_RETRIED = "ConflictRetried"
    # Responses: REFUSED counts every 4xx, and the metrics of `refused_metric` split it up. FAILED counts every 5xx.
    REFUSED = "Refused"
    FAILED = "Failed"
    COLD_START = "ColdStart"
    MAIL_REQUESTED = "MailRequested"
    MAIL_SENT = "MailSent"
    MAIL_REFUSED = "MailRefused"
    # It is unknown whether the email was sent.
    MAIL_UNKNOWN = "MailUnknown"
    # The seconds from the request of an email until a sender gets its message: without the wait for the rate limit.
    MAIL_AGE = "MailAge"
    TARGET_PAUSED = "TargetPaused"
    # A queue's message that cannot be handled yet.
    MESSAGE_LATER = "MessageLater"
    MESSAGE_FAILED = "MessageFailed"
    # A part fails until somebody repairs it, and requests continue without it.
    DEGRADED = "Degraded"
    # An authorizer refused a token. Lambda counts this as an error of the authorizer.
    TOKEN_REFUSED = "TokenRefused"
    # What a recount found: the largest drift of the tally's sums, and the drift of the counters of pending signatures.
    DRIFT = "Drift"
    PENDING_DRIFT = "PendingDrift"


REFUSED_STATUSES = frozenset({400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 429})
_UNITS: dict[str, str] = {Metric.MAIL_AGE: "Seconds"}


def refused_metric(status: int) -> str:
    """Return the name of the metric for a 4xx status. Statuses that are not in REFUSED_STATUSES share one metric."""
    suffix = str(status) if status in REFUSED_STATUSES else "Other"
    return f"{Metric.REFUSED}{suffix}"


def directive(names: Iterable[str], has_petition: bool, epoch_millis: int) -> str:
    """Return the member `_aws` of a log line. It tells CloudWatch which other members of the line are metrics.

    Build the member as JSON text, because that is faster than to encode a dict: every signature logs such a line.
    """
    return f'"_aws": {{"Timestamp": {epoch_millis}, "CloudWatchMetrics": {_definitions(tuple(names), has_petition)}}}'


@cache
def _definitions(names: tuple[str, ...], has_petition: bool) -> str:
    """Return the metrics with their units and dimensions, in CloudWatch's format."""
    dimensions = [["stage"], ["stage", "petition"]] if has_petition else [["stage"]]
    metrics = [{"Name": name, "Unit": _UNITS.get(name, "Count")} for name in names]
    return json.dumps([{"Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": metrics}])
