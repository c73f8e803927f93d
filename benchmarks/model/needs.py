"""The quotas that a load needs: the model solved for its limits."""

from dataclasses import asdict, dataclass
from math import ceil
from typing import Any

from benchmarks.model.capacity import shares_of
from benchmarks.model.conflicts import given_up
from benchmarks.model.limits import LIMITS
from benchmarks.model.service import HANG_SECONDS, Service
from chalicelib.mail.pace import senders_for

RATES = (100, 1_000, 10_000)
OUTAGE = 600.0
# The overflow of an outage of OUTAGE seconds should be stored within the hour, besides the normal load.
DRAINED_WITHIN = 3_600.0
MAX_GIVEN_UP = 0.001  # the largest share of confirmations that may get a 503
MAX_SHARDS = 90


@dataclass(frozen=True)
class Needs:
    """What `rate` signatures a second need, if emails and confirmations keep up."""

    rate: int
    gateway_rate: int  # three requests each, and what passes the CDN
    gateway_rate_without_cdn: int
    concurrency: int
    concurrency_if_the_table_hangs: int
    table_units_to_sign: int
    table_units_for_all: int  # put, claim, mark, half a confirmation
    senders: int
    storers: int
    shards: int | None


def needs(rate: int, service: Service) -> Needs:
    seconds_each = max(service.sign, 1 / LIMITS["requests_each"].default)
    workers = senders_for(rate)
    return Needs(
        rate=rate,
        gateway_rate=3 * rate + ceil(service.misses),
        gateway_rate_without_cdn=ceil((3 + service.view_requests) * rate),
        concurrency=ceil(3 * rate * seconds_each) + workers,
        concurrency_if_the_table_hangs=ceil(rate * (service.sign + HANG_SECONDS)) + workers,
        table_units_to_sign=warm_throughput_for(rate),
        table_units_for_all=warm_throughput_for(5 * rate),
        senders=workers,
        storers=ceil(rate * OUTAGE / DRAINED_WITHIN * service.store),
        shards=shards_for(rate),
    )


def warm_throughput_for(units: int) -> int:
    """Return the warm throughput with which the hottest partition takes its share of the units.

    0: no throughput is enough, because one petition's buckets cannot spread the units.
    """
    units_each = LIMITS["partition"].default
    enough = (number for number in range(1, 257) if max(shares_of(number)) * units <= units_each)
    return round(next(enough, 0) * units_each)


def shards_for(rate: float) -> int | None:
    """Return the tally shards that a petition needs; None: more than the maximum."""
    return next((shards for shards in range(10, MAX_SHARDS + 1) if given_up(rate, shards) <= MAX_GIVEN_UP), None)


def table_of_needs(service: Service) -> list[dict[str, Any]]:
    return [asdict(needs(rate, service)) for rate in RATES]
