"""Compute the quotas that a load needs: the same formulas as the model's, solved for the limits."""

from dataclasses import asdict, dataclass
from math import ceil
from typing import Any

from benchmarks.model.capacity import shares_of
from benchmarks.model.conflicts import share_given_up
from benchmarks.model.limits import LIMITS
from benchmarks.model.service import HANG_SECONDS, Service
from chalicelib.mail.rate_limit import senders_for

RATES = (100, 1_000, 10_000)
OUTAGE = 600.0
# The signatures that overflow in an outage of OUTAGE seconds should be stored within an hour, beside the normal load.
DRAINED_WITHIN = 3_600.0
MAX_GIVEN_UP = 0.001  # the largest share of confirmations that may get a 503
MAX_SHARDS = 90
MAX_PARTITIONS = 256
REQUESTS_PER_SIGNATURE = 3  # to sign, to open the confirm page, and to confirm
# In the signatures table: one to sign, two for the email (stations.py), and two to confirm.
UNITS_PER_SIGNATURE = 5


@dataclass(frozen=True)
class Needs:
    """What `rate` signatures a second need, if emails and confirmations have the same rate."""

    rate: int
    gateway_rate: int  # requests of signers, and of viewers that pass the CDN
    gateway_rate_without_cdn: int
    concurrency: int
    concurrency_if_the_table_hangs: int
    table_units_to_sign: int
    table_units_for_all: int  # UNITS_PER_SIGNATURE
    senders: int
    storers: int  # workers of the overflow queue
    shards: int | None  # the items that together hold a petition's count; None: more than MAX_SHARDS


def needs(rate: int, service: Service) -> Needs:
    # Lambda also limits how many requests an environment serves in a second (`requests_each`).
    seconds_each = max(service.sign, 1 / LIMITS["requests_each"].default)
    overflowed = rate * OUTAGE
    workers = senders_for(rate)
    return Needs(
        rate=rate,
        gateway_rate=REQUESTS_PER_SIGNATURE * rate + ceil(service.misses),
        gateway_rate_without_cdn=ceil((REQUESTS_PER_SIGNATURE + service.view_requests) * rate),
        concurrency=ceil(REQUESTS_PER_SIGNATURE * rate * seconds_each) + workers,
        concurrency_if_the_table_hangs=ceil(rate * (service.sign + HANG_SECONDS)) + workers,
        table_units_to_sign=warm_throughput_for(rate),
        table_units_for_all=warm_throughput_for(UNITS_PER_SIGNATURE * rate),
        senders=workers,
        storers=ceil(overflowed / DRAINED_WITHIN * service.store),
        shards=shards_for(rate),
    )


def warm_throughput_for(units: int) -> int:
    """Return the lowest warm throughput at which even the hottest partition can take its share of the units.

    Return 0 if no throughput is enough, because the buckets of one petition cannot spread so many units.
    """
    units_each = LIMITS["partition"].default
    for partitions in range(1, MAX_PARTITIONS + 1):
        units_of_hottest = max(shares_of(partitions)) * units
        if units_of_hottest <= units_each:
            return round(partitions * units_each)
    return 0


def shards_for(rate: float) -> int | None:
    """Return how many tally shards a petition needs: at least the default of 10. None: more than MAX_SHARDS."""
    for shards in range(10, MAX_SHARDS + 1):
        if share_given_up(rate, shards) <= MAX_GIVEN_UP:
            return shards
    return None


def table_of_needs(service: Service) -> list[dict[str, Any]]:
    return [asdict(needs(rate, service)) for rate in RATES]
