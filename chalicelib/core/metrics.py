"""Metrics as part of a log line: CloudWatch reads its embedded metric format out of it, and nobody calls an API.

Two sets of dimensions, both bounded: the stage, for alarms, and stage and petition where the line names one.
A line names a petition only once it is known to exist, so nobody can make up dimensions.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
from collections.abc import Iterable
from enum import StrEnum
from functools import cache

NAMESPACE = "Petitions"


class Metric(StrEnum):
    """Outcome names of signing are names here too (signatures.api): ACCEPTED, REPEATED, OVERFLOWED."""

    ACCEPTED = "Accepted"
    REPEATED = "Repeated"
    OVERFLOWED = "Overflowed"
    CONFIRMED = "Confirmed"
    WITHDRAWN = "Withdrawn"
    CONFLICT_RETRIED = "ConflictRetried"
    # Answers: refused is 4xx, of which each kind is told apart; failed is what we answered with 5xx.
    REFUSED = "Refused"
    FAILED = "Failed"
    COLD_START = "ColdStart"
    MAIL_REQUESTED = "MailRequested"
    MAIL_SENT = "MailSent"
    MAIL_REFUSED = "MailRefused"
    MAIL_AGE = "MailAge"
    MESSAGE_LATER = "MessageLater"
    MESSAGE_FAILED = "MessageFailed"
    # A part fails until somebody repairs it, and requests continue without it.
    DEGRADED = "Degraded"
    DRIFT = "Drift"
    PENDING_DRIFT = "PendingDrift"


REFUSALS = frozenset({400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 429})
_UNITS: dict[str, str] = {Metric.MAIL_AGE: "Seconds"}


def refused(status: int) -> str:
    """One metric for each kind of refusal."""
    return f"{Metric.REFUSED}{status if status in REFUSALS else 'Other'}"


def directive(names: Iterable[str], has_petition: bool, millis: int) -> str:
    """What makes CloudWatch look at a line: its member `_aws`, as JSON text, for it is on the way of every signature.

    The values stand in the line itself, under their names.
    """
    return f'"_aws": {{"Timestamp": {millis}, "CloudWatchMetrics": {_described(tuple(names), has_petition)}}}'


@cache
def _described(names: tuple[str, ...], has_petition: bool) -> str:
    dimensions = [["stage"], ["stage", "petition"]] if has_petition else [["stage"]]
    metrics = [{"Name": name, "Unit": _UNITS.get(name, "Count")} for name in names]
    return json.dumps([{"Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": metrics}])
