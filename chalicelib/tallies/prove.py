"""Read the sums of a petition's tally for a recount, which compares them with the signatures. Adjust wrong sums.

The drift of a sum is the tally's number minus the number of signatures. An adjustment subtracts the drift from the
tally. The head is the item with the sum of all closed days. The open days are the days after these.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import NamedTuple

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.times import iso
from chalicelib.tallies import store
from chalicelib.tallies.count import read_open_days
from chalicelib.tallies.model import (
    BY_PARTNERS,
    COUNTRY_PREFIX,
    HOUR_PREFIX,
    SOURCE_PREFIX,
    TOTAL,
    TalliedPetition,
    Tally,
    TallyDimension,
    summed,
)

# The key of the count, and of the sums over all days, all hours and all partners. Single days and hours are not
# compared (projections/recount.py says why).
WHOLE = "all"
# Sorts after the times of all adjustments.
AFTER_ALL_TIMES = "9"


class Sum(NamedTuple):
    """The name of a sum: a dimension such as country (`by`), and a value such as GB (`key`). The count has no `by`."""

    by: str
    key: str = WHOLE


COUNT, DAYS, HOURS, PARTNERS = Sum(""), Sum(TallyDimension.DAY), Sum(TallyDimension.HOUR), Sum(BY_PARTNERS)


def sums_for_signature(country: str, source: str, *, by_partner: bool) -> tuple[Sum, ...]:
    """Return the names of the sums in which one confirmed signature counts."""
    partners = (PARTNERS,) if by_partner else ()
    return COUNT, DAYS, HOURS, Sum(TallyDimension.COUNTRY, country), Sum(TallyDimension.SOURCE, source), *partners


def tally_sums(petition: TalliedPetition, now: datetime, tables: Tables) -> dict[Sum, int]:
    """Return the tally's sums. All reads are consistent. Nothing is written, so the caller needs no right to write."""
    head = store.head(petition.slug, tables)
    open_tallies = read_open_days(head, petition, now, tables)
    whole = summed([*store.closed_days(petition.slug, date.min, head.through, tables).values(), *open_tallies.values()])
    # For the closed days, COUNT takes the sum in the head, and DAYS adds up the days. They differ only if one is wrong.
    return {COUNT: head.total + summed(open_tallies.values()).total, **_sums(whole)}


def reopen(slug: str, now: datetime, tables: Tables) -> list[date]:
    """Reopen the days that were closed before they were over, and return these days.

    These are today and later days, by the clock of AWS (`answered_at`). Raise ConditionFailed if another caller closes
    or reopens a day meanwhile.
    """
    return store.reopen(slug, (tables.answered_at or now).date(), tables)


def adjust(slug: str, drift: Mapping[Sum, int], now: datetime, tables: Tables) -> dict[str, int]:
    """Subtract the drift from every sum, and store a record of this adjustment. Return the numbers added to the tally.

    Only today's numbers and the head change. Past days stay as they are. Raise ConditionFailed if the petition already
    has an adjustment in this second.
    """
    numbers = {name: -amount for name, amount in _as_numbers(drift, now).items() if amount}
    # The count is the head's total plus the totals of the open days. `numbers` already change the total of today, which
    # is an open day. The rest of the count's change goes to the head.
    count_change, change_of_today = -drift.get(COUNT, 0), numbers.get(TOTAL, 0)
    change_of_head = count_change - change_of_today
    store.adjust(slug, now, numbers, change_of_head, tables)
    return {**numbers, "head": change_of_head}


class Adjustment(NamedTuple):
    """An adjustment of a petition's count by `amount`."""

    slug: str
    at: datetime
    amount: int


def adjustments(slugs: Iterable[str], since: datetime, tables: Tables) -> Iterator[Adjustment]:
    """Yield the adjustments at or after `since` that changed a count.

    The head of a tally has the time of the tally's latest adjustment. So petitions without an adjustment at or after
    `since` are not queried.
    """
    for slug, head in store.heads(slugs, tables).items():
        if head.adjusted_at and head.adjusted_at >= since:
            yield from _adjustments(slug, since, tables)


def _adjustments(slug: str, since: datetime, tables: Tables) -> Iterator[Adjustment]:
    """Yield the adjustments that changed the petition's count, oldest first."""
    between = (keys.tally_adjustment(slug, iso(since)).sk, keys.tally_adjustment(slug, AFTER_ALL_TIMES).sk)
    items = tables.query(keys.COUNTS, keys.tally_partition(slug), between)
    for item in items:
        # The count is the head's total plus the open days. An adjustment may change both.
        amount = item.get(TOTAL, 0) + item["head_total"]
        if amount:
            yield Adjustment(slug, datetime.fromisoformat(item["sk"].partition("#")[2]), amount)


def _sums(tally: Tally) -> dict[Sum, int]:
    return {
        DAYS: tally.total,
        HOURS: sum(tally.hours.values()),
        PARTNERS: tally.by_partners,
        **{Sum(TallyDimension.COUNTRY, key): number for key, number in tally.countries.items()},
        **{Sum(TallyDimension.SOURCE, key): number for key, number in tally.sources.items()},
    }


def _as_numbers(drift: Mapping[Sum, int], now: datetime) -> Counter[str]:
    """Return the drift as attributes of today's item, without the drift of COUNT.

    The drift of DAYS goes to today's total, and the drift of HOURS to the current hour.
    """
    prefixes: dict[str, str] = {TallyDimension.COUNTRY: COUNTRY_PREFIX, TallyDimension.SOURCE: SOURCE_PREFIX}
    numbers = Counter({TOTAL: drift.get(DAYS, 0), f"{HOUR_PREFIX}{now:%H}": drift.get(HOURS, 0)})
    numbers[BY_PARTNERS] = drift.get(PARTNERS, 0)
    numbers.update({prefixes[by] + key: amount for (by, key), amount in drift.items() if by in prefixes})
    return numbers
