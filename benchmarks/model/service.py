"""Compute how long each step takes, from the CPU times that `benchmarks.way` measured (results.json, `way`).

A petition's signatures are in 64 buckets. The projection (ProjectSignatures) has counters for each bucket: the current
numbers, and the funnel, which has the signatures that reached each stage in an hour.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks import lambdas
from benchmarks.cost.views import requests_per_signature
from benchmarks.model.capacity import shares_of
from chalicelib.core.keys import BUCKETS

RELAY, PROJECT = lambdas.STREAM_READERS["relay"], lambdas.STREAM_READERS["project"]
# The seconds that signing waits for a table that does not answer, before it uses the overflow queue (aws/clients.py).
HANG_SECONDS = 2.0
QUEUE_BATCH = lambdas.QUEUE_BATCH
# CloudFront has 13 regional caches (CloudFront developer guide, "How CloudFront delivers content"), each of which sends
# its own requests to the API. A crowd in one country uses only a few of them. A copy is fresh for 5 s
# (chalicelib/shedding/level.py).
CACHES, FRESH = 13, 5.0


@dataclass(frozen=True)
class Service:
    """Durations in seconds in one Lambda environment."""

    sign: float
    confirm: float  # the page and the button
    mail: float  # one email
    store: float  # one signature from the overflow queue
    cold: float  # a cold start
    relay_batch: float  # a full batch
    project_bucket: float  # the two writes for one bucket: its current numbers, and its funnel of the day
    project_record: float  # to read one change
    view: float = 0  # one request of a viewer
    view_requests: float = 0  # requests of all page views for each signature
    misses: float = 0  # requests a second that pass the CDN

    def relay_rate(self, partitions: int) -> float:
        """Return the records a second that the relay reads with full batches."""
        return partitions * RELAY.parallelization_factor * RELAY.batch_size / self.relay_batch

    def projection_rate(self, partitions: int) -> float:
        """Return the changes a second that ProjectSignatures counts with full batches, without constituencies.

        The shard of the hottest partition is the slowest, so it decides when all changes are counted.
        """
        share = max(shares_of(partitions))
        buckets = lambdas.expected_buckets(PROJECT.batch_size, share * len(BUCKETS))
        batch_seconds = buckets * self.project_bucket + PROJECT.batch_size * self.project_record
        rate_of_hottest = PROJECT.parallelization_factor * PROJECT.batch_size / batch_seconds
        return rate_of_hottest / share


def calibrated_service(results: Mapping[str, Any]) -> Service:
    """Return the durations, from measurements and from the assumptions in `benchmarks.lambdas`."""
    steps, minute = results["way"], results["edge"]["minute"]
    cpu_of_record, cpu_of_write = steps["project"]["each_record_cpu_us"], lambdas.cpu_of_projected_write(steps)
    calls_of_relay = RELAY.batch_size / QUEUE_BATCH  # It queues up to QUEUE_BATCH messages with one call.
    cpu_of_email = lambdas.interpolate(steps["send"], "cpu_us", QUEUE_BATCH) / QUEUE_BATCH
    calls_of_email = lambdas.interpolate(steps["send"], "calls", QUEUE_BATCH) / QUEUE_BATCH
    cpu_of_relay = lambdas.interpolate(steps["relay"], "cpu_us", RELAY.batch_size)
    return Service(
        sign=_seconds_with_one_call("sign", steps),
        confirm=_seconds_with_one_call("confirm_page", steps) + _seconds_with_one_call("confirm", steps),
        mail=lambdas.seconds("send", cpu_of_email, calls_of_email, mails=1),
        # Assumption: storing takes the CPU time of signing. StoreOverflow has as much memory as SendMail ("send").
        store=lambdas.seconds("send", steps["sign"]["cpu_us"], calls=1),
        cold=lambdas.seconds("sign", lambdas.cold_start_cpu_us(results), calls=0),
        relay_batch=lambdas.seconds("relay", cpu_of_relay, calls=calls_of_relay),
        project_bucket=2 * lambdas.seconds("project", cpu_of_write, calls=1),
        project_record=lambdas.seconds("project", cpu_of_record, calls=0),
        # We assume that a petition's page takes as long as the confirm page, with one read.
        view=_seconds_with_one_call("confirm_page", steps),
        view_requests=requests_per_signature(minute),
        # Each cache requests each copy again when it is no longer fresh.
        misses=minute["cached_copies"] / FRESH * CACHES,
    )


def _seconds_with_one_call(step: str, steps: Mapping[str, Any]) -> float:
    return lambdas.seconds(step, steps[step]["cpu_us"], calls=1)
