"""How long each step takes, from the CPU times that `benchmarks.way` measured (results.json, `way`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks import lambdas
from stack.ready.needs import MISSES, VIEWS

# The seconds that signing waits for a table that does not answer, before it uses the overflow queue (aws/clients.py).
HANG_SECONDS = 2.0
RELAY = lambdas.STREAM_READERS["relay"]


@dataclass(frozen=True)
class Service:
    """Durations in seconds in one Lambda environment."""

    sign: float
    confirm: float  # the page and the button
    mail: float  # one email
    store: float  # one signature from the overflow queue
    cold: float  # a cold start
    relay: float = 0  # one record of the stream, in a full batch
    view: float = 0  # one request of a viewer
    view_requests: float = 0  # requests of all page views for each signature
    misses: float = 0  # requests a second that pass the CDN


def calibrated_service(results: Mapping[str, Any]) -> Service:
    """Return the durations, from measurements and from the assumptions in `benchmarks.lambdas`."""
    steps = results["way"]
    cpu_of_email, calls_of_email = (
        lambdas.interpolate(steps["send"], name, lambdas.QUEUE_BATCH) / lambdas.QUEUE_BATCH
        for name in ("cpu_us", "calls")
    )
    cpu_of_relay = lambdas.interpolate(steps["relay"], "cpu_us", RELAY.batch_size)
    return Service(
        sign=_with_one_call("sign", steps),
        confirm=_with_one_call("confirm_page", steps) + _with_one_call("confirm", steps),
        mail=lambdas.seconds("send", cpu_of_email, calls_of_email, mails=1),
        # Assumption: storing takes the CPU time of signing. StoreOverflow has as much memory as SendMail ("send").
        store=lambdas.seconds("send", steps["sign"]["cpu_us"], calls=1),
        cold=lambdas.seconds("sign", lambdas.cold_start_cpu_us(results), calls=0),
        relay=lambdas.seconds("relay", cpu_of_relay, calls=RELAY.batch_size / lambdas.QUEUE_BATCH) / RELAY.batch_size,
        # Assumption: a petition's page takes as long as the confirm page, with one read.
        view=_with_one_call("confirm_page", steps),
        view_requests=VIEWS,
        misses=MISSES,
    )


def _with_one_call(step: str, steps: Mapping[str, Any]) -> float:
    return lambdas.seconds(step, steps[step]["cpu_us"], calls=1)
