"""The duration of each step, from the CPU measured by `benchmarks.way` (results.json, `way`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks import declared, lambdas
from chalicelib.core.keys import BUCKETS

RELAY_LANES, FOLLOW_LANES = declared.lanes("RelayMail"), declared.lanes("ProjectSignatures")
# chalicelib.aws.clients: the wait for a silent table before the overflow queue is used.
HANG_SECONDS = 2.0
QUEUE_BATCH = lambdas.QUEUE_BATCH


@dataclass(frozen=True)
class Service:
    """Durations in seconds in one Lambda environment."""

    sign: float
    confirm: float  # both requests
    mail: float
    store: float
    cold: float
    relay_batch: float
    project_bucket: float

    def relay_rate(self, partitions: int) -> float:
        """Return records a second with full batches."""
        return partitions * RELAY_LANES * lambdas.STREAM_BATCH / self.relay_batch

    def project_rate(self, partitions: int) -> float:
        """Return changes a second with full batches: a batch costs one write for each of its buckets."""
        met = lambdas.buckets_met(lambdas.STREAM_BATCH, len(BUCKETS) / partitions)
        return partitions * FOLLOW_LANES * lambdas.STREAM_BATCH / (met * self.project_bucket)


def calibrated(results: Mapping[str, Any]) -> Service:
    """Return durations from measurements and from the assumptions in `benchmarks.lambdas`."""
    way = results["way"]
    queued = lambdas.STREAM_BATCH / QUEUE_BATCH
    mail = lambdas.batched(way["send"], "cpu_us", QUEUE_BATCH) / QUEUE_BATCH
    relay = lambdas.batched(way["relay"], "cpu_us", lambdas.STREAM_BATCH)
    cold = results["cold_start_ms"]
    return Service(
        sign=lambdas.seconds("sign", way["sign"]["cpu_us"], 1),
        confirm=sum(lambdas.seconds(step, way[step]["cpu_us"], 1) for step in ("confirm_page", "confirm")),
        mail=lambdas.seconds("send", mail, way["send"]["of_1"]["calls"], mails=1),
        store=lambdas.seconds("send", way["sign"]["cpu_us"], 1),
        cold=lambdas.seconds("sign", (cold["ours"] + cold["python"]) * 1000, 0),
        relay_batch=lambdas.seconds("relay", relay, queued),
        project_bucket=lambdas.seconds("project", way["project"]["of_1"]["cpu_us"], 1),
    )
