"""From CPU measured here to time billed there. Assumptions, each with its reason; cost and model share them."""

import json
from collections.abc import Mapping
from typing import Any

from stack.paths import ROOT

# "At 1,769 MB, a function has the equivalent of one vCPU" (Lambda developer guide, Configure Lambda function
# memory). Below that a handler is given its share of one, so its CPU takes longer by this factor. That a vCPU is
# as fast as a core of the machine that measured is an assumption.
VCPU_MB = 1769
# DynamoDB promises single-digit milliseconds; SQS and SES promise nothing, SES is a whole mail. Assumptions.
CALL_SECONDS = 0.010
MAIL_SECONDS = 0.100
# Lambda asks a shard for records four times a second while there are none (Lambda developer guide, Using AWS
# Lambda with Amazon DynamoDB), and hands over at most what the decorator says.
POLL_SECONDS = 0.25
STREAM_BATCH, QUEUE_BATCH = 100, 10
# The lines Lambda itself writes around each invocation, in their documented form.
PLATFORM_LINES = (
    "START RequestId: 41b45ea3-70b5-11e6-b7bd-69b5aaebc7d9 Version: $LATEST\n"
    "END RequestId: 41b45ea3-70b5-11e6-b7bd-69b5aaebc7d9\n"
    "REPORT RequestId: 41b45ea3-70b5-11e6-b7bd-69b5aaebc7d9\tDuration: 12.34 ms\tBilled Duration: 13 ms\t"
    "Memory Size: 1024 MB\tMax Memory Used: 110 MB\t\n"
)
FUNCTIONS = {
    "sign": "api_handler",
    "confirm_page": "links",
    "confirm": "links",
    "relay": "relay_mail",
    "follow": "project_signatures",
    "send": "send_mail",
    "feedback": "receive_feedback",
}


def memory_mb(step: str) -> int:
    """As .chalice/config.json gives it to the function that serves this step."""
    config: dict[str, Any] = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))
    own: Mapping[str, Any] = config["lambda_functions"][FUNCTIONS[step]]
    return int(own.get("lambda_memory_size", config["lambda_memory_size"]))


def cpu_share(megabytes: int) -> float:
    """Of one vCPU; our handlers have one thread and gain nothing from a second."""
    return min(1.0, megabytes / VCPU_MB)


def seconds(step: str, cpu_us: float, calls: float, mails: float = 0) -> float:
    """How long the invocation lasts: its CPU at the function's share, and its calls one after the other."""
    waiting = (calls - mails) * CALL_SECONDS + mails * MAIL_SECONDS
    return cpu_us / 1e6 / cpu_share(memory_mb(step)) + waiting


def batched(figures: Mapping[str, Any], name: str, size: float) -> float:
    """A figure for a batch of `size`, on the line through the batches of one and of ten."""
    one, ten = figures["of_1"][name], figures["of_10"][name]
    return float(one + (ten - one) / 9 * (size - 1))


def stream_batch(changes_a_second: float, shards: int) -> float:
    """How many records an invocation finds at this rate."""
    return min(STREAM_BATCH, max(1.0, changes_a_second / shards * POLL_SECONDS))


def buckets_met(records: float, buckets: float) -> float:
    """Different buckets among so many records that fall on them evenly: one write each."""
    return float(buckets * (1 - (1 - 1 / buckets) ** records)) if buckets > 1 else 1.0
