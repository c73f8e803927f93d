"""Convert CPU time measured on this machine into the time of a Lambda function, for the cost and the model.

A step is what one function does for a signature, such as "sign" or "send" (FUNCTIONS).
"""

import json
from collections.abc import Mapping
from math import ceil
from typing import Any

from benchmarks import declared
from benchmarks.declared import StreamReader
from chalicelib.signatures.sign import STEP
from stack.paths import ROOT

# "At 1,769 MB, a function has the equivalent of one vCPU" (Lambda developer guide, Configure Lambda function
# memory). With less memory a function gets a share of a vCPU, so the same work takes longer. We assume that a vCPU is
# as fast as a core of the measuring machine.
VCPU_MB = 1769
# Assumptions for one call to AWS, and for one call that sends an email. DynamoDB promises single-digit milliseconds.
# SQS and SES promise nothing, and SES must take a whole email.
CALL_SECONDS = 0.010
MAIL_SECONDS = 0.100
# Lambda polls an empty shard of a stream four times a second (Lambda developer guide, Using AWS Lambda with Amazon
# DynamoDB).
POLL_SECONDS = 0.25
# The steps that read the stream of the signatures table.
STREAM_READERS = {
    "relay": declared.stream_reader("RelayMail"),
    "project": declared.stream_reader("ProjectSignatures"),
}
# An invocation gets at most the batch size of Chalice's decorator.
QUEUE_BATCH = 10
# The log lines that Lambda writes for each invocation, as documented.
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
    "project": "project_signatures",
    "send": "send_mail",
}


def memory_mb(step: str) -> int:
    """Return the memory of the function that serves this step (.chalice/config.json), or of the function `step`."""
    config: dict[str, Any] = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))
    own: Mapping[str, Any] = config["lambda_functions"][FUNCTIONS.get(step, step)]
    return int(own.get("lambda_memory_size", config["lambda_memory_size"]))


def cpu_share(megabytes: int) -> float:
    """Return the share of one vCPU that a function with this memory can use: at most 1, because it has one thread."""
    return min(1.0, megabytes / VCPU_MB)


def seconds(step: str, cpu_us: float, calls: float, mails: float = 0) -> float:
    """Return the duration of an invocation: its CPU time at the function's share, plus its calls one after the other.

    `mails`: how many of the `calls` send an email. Signing waits for twice the time of its calls, rounded up to a
    multiple of STEP, so that the response time does not show whether an address is known (signatures.sign).
    """
    waiting = (calls - mails) * CALL_SECONDS + mails * MAIL_SECONDS
    if step == "sign":
        waiting = ceil(2 * waiting / STEP) * STEP
    cpu_seconds = cpu_us / 1e6 / cpu_share(memory_mb(step))
    return cpu_seconds + waiting


def cold_start_cpu_us(results: Mapping[str, Any]) -> float:
    """Return the CPU time of a new environment until it can serve: Python's start, and our imports."""
    cold = results["cold_start_ms"]
    return float((cold["ours"] + cold["python"]) * 1000)


def interpolate(figures: Mapping[str, Any], name: str, size: float) -> float:
    """Return a figure for a batch of `size` records, on the line through the measured batches of one and of ten."""
    one, ten = figures["of_1"][name], figures["of_10"][name]
    each_further_record = (ten - one) / 9
    return float(one + each_further_record * (size - 1))


def stream_batch(reader: StreamReader, changes_a_second: float, shards: int) -> float:
    """Return how many records an invocation gets: one shard's changes in the reader's window.

    If the time between two polls is longer, they are the changes of that time. `changes_a_second` is the rate of all
    shards together.
    """
    gathered = changes_a_second / shards * max(POLL_SECONDS, reader.window)
    return min(reader.batch_size, max(1.0, gathered))


def cpu_of_projected_write(steps: Mapping[str, Any]) -> float:
    """Return the CPU time of one write of the projection, in microseconds."""
    alone = steps["project"]["of_1"]
    return float((alone["cpu_us"] - steps["project"]["each_record_cpu_us"]) / alone["calls"])


def expected_buckets(records: float, buckets: float) -> float:
    """Return the expected number of different buckets (parts of a petition) among `records` evenly spread records.

    The projection writes the counters of each bucket in its batch once.
    """
    if buckets <= 1 or records <= 1:
        return min(1.0, records)
    probability_of_no_record = (1 - 1 / buckets) ** records
    return float(buckets * (1 - probability_of_no_record))
