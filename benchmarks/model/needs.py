"""The quotas to raise before a load: the model's limits solved for it."""

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
# The overflow of an outage should be stored within the hour, beside the normal load.
DRAINED_WITHIN = 3_600.0
PATIENCE = 0.001  # the largest share of confirmations that may get a 503
MOST_SHARDS = 90


@dataclass(frozen=True)
class Needs:
    """Needs of `rate` signatures a second, with emails and confirmations keeping up."""

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
    each = max(service.sign, 1 / LIMITS["requests_each"].default)
    workers = senders_for(rate)
    return Needs(
        rate=rate,
        gateway_rate=3 * rate + ceil(service.misses),
        gateway_rate_without_cdn=ceil((3 + service.view_requests) * rate),
        concurrency=ceil(3 * rate * each) + workers,
        concurrency_if_the_table_hangs=ceil(rate * (service.sign + HANG_SECONDS)) + workers,
        table_units_to_sign=warm_for(rate),
        table_units_for_all=warm_for(5 * rate),
        senders=workers,
        storers=ceil(rate * OUTAGE / DRAINED_WITHIN * service.store),
        shards=shards_for(rate),
    )


def warm_for(units: int) -> int:
    """Return the warm throughput that the hottest partition needs; 0: one petition's buckets cannot spread it."""
    each = LIMITS["partition"].default
    possible = (number for number in range(1, 257) if max(shares_of(number)) * units <= each)
    return round(next(possible, 0) * each)


def shards_for(rate: float) -> int | None:
    """Return the petition's tally shards; None: more than the maximum."""
    return next((shards for shards in range(10, MOST_SHARDS + 1) if given_up(rate, shards) <= PATIENCE), None)


def table_of_needs(service: Service) -> list[dict[str, Any]]:
    return [asdict(needs(rate, service)) for rate in RATES]
