"""How long each step takes, from the CPU that was measured along a signature's way (results.json, `way`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks import declared, lambdas
from chalicelib.core.keys import BUCKETS

RELAY_LANES, FOLLOW_LANES = declared.lanes("RelayMail"), declared.lanes("ProjectSignatures")
# chalicelib.aws.clients: a table that answers nothing is waited for so long before the overflow queue takes over.
HANG_SECONDS = 2.0
QUEUE_BATCH = lambdas.QUEUE_BATCH


@dataclass(frozen=True)
class Service:
    """Seconds of one Lambda environment."""

    sign: float
    confirm: float  # both requests
    mail: float
    store: float
    cold: float
    relay_batch: float
    follow_bucket: float

    def relay_rate(self, partitions: int) -> float:
        """Records a second, with full batches."""
        return partitions * RELAY_LANES * lambdas.STREAM_BATCH / self.relay_batch

    def follow_rate(self, partitions: int) -> float:
        """Changes a second, with full batches: a batch costs one write for each bucket it meets."""
        met = lambdas.buckets_met(lambdas.STREAM_BATCH, len(BUCKETS) / partitions)
        return partitions * FOLLOW_LANES * lambdas.STREAM_BATCH / (met * self.follow_bucket)


def calibrated(results: Mapping[str, Any]) -> Service:
    """Assumed besides what was measured: see `benchmarks.lambdas`."""
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
        follow_bucket=lambdas.seconds("follow", way["follow"]["of_1"]["cpu_us"], 1),
    )
