"""Exact counts of confirmed signatures, and breakdowns by day, hour, country and source (store.py: what a tally is)."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from random import randrange
from time import monotonic

from chalicelib.aws.expressions import chunks
from chalicelib.aws.table import Change, Tables
from chalicelib.core import keys, log
from chalicelib.core.caching import SecondsCache
from chalicelib.core.errors import ConditionFailed, DayNotClosed, Unavailable, UnknownPetition
from chalicelib.tallies import snapshots, store
from chalicelib.tallies.model import (
    TalliedPetition,
    Tally,
    TallyDimension,
    TallyEntry,
    breakdown_values,
    largest_first,
    summed,
)

# The sum of the values that `largest` leaves out. No source and no country has brackets.
OTHERS = "(others)"
# AWS refuses a call whose time differs from its own by more.
CLOCKS_DIFFER = timedelta(minutes=15)
# A transaction that began before midnight UTC may end after it, but on AWS never this late.
GRACE = timedelta(hours=1)
# The first reader in weeks finds thousands of days, and has 15 seconds: later readers close the rest.
CLOSING_SECONDS = 3.0
CLOSED_SECONDS = 600.0
_closed_days: SecondsCache[Mapping[tuple[str, date], int]] = SecondsCache(CLOSED_SECONDS)
# With the largest items (400 KB each), these still fit into the 4 MB of one transaction.
DAYS_AT_ONCE = 9


@dataclass(frozen=True)
class Recent:
    """Numbers at `as_of`. `today`: since midnight (UTC). `last_day`: in the last 23 to 24 hours.

    `areas`: rounded numbers by postcode area, as `public_areas` returns them.
    """

    today: int
    last_day: int
    areas: Mapping[str, int]
    as_of: datetime


@dataclass(frozen=True)
class Count:
    """The number of confirmed signatures at `as_of`. Only a count for the public has the `recent` numbers.

    `withdrawn`: how many were ever withdrawn. `by_partners`: how many of `confirmed` counted when a partner sent them.
    All others were confirmed by our email.
    """

    confirmed: int
    as_of: datetime
    recent: Recent | None = None
    withdrawn: int = 0
    by_partners: int = 0


@dataclass(frozen=True)
class Breakdown:
    """A count by one dimension, such as country. `values`: numbers by value, such as GB. They sum to `confirmed`.

    `withdrawn`: how many of those who had confirmed left on these days. They are subtracted already.
    """

    confirmed: int
    as_of: datetime
    by: StrEnum
    values: Mapping[str, int]
    withdrawn: int = 0


@dataclass(frozen=True)
class Days:
    """The days (UTC) from `first` to `last`, both included."""

    first: date = date.min
    last: date = date.max

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


ALL_DAYS = Days()


def exact_count(petition: TalliedPetition, now: datetime, tables: Tables) -> Count:
    """Return the exact count by two reads: the head, then the shards of the days not closed. Also close past days."""
    head = store.head(petition.slug, tables)
    open_tallies = _read_and_close(petition, head, now, tables)
    return _count(head, open_tallies, now)


def exact_counts(petitions: Sequence[TalliedPetition], now: datetime, tables: Tables) -> dict[str, Count]:
    """Return each petition's count by slug, a hundred items a read. Raise UnknownPetition if one has no tally."""
    heads = store.heads([petition.slug for petition in petitions], tables)
    tallies = _read_and_close_all(petitions, heads, now, tables)
    return {slug: _count(heads[slug], by_day, now) for slug, by_day in tallies.items()}


def counts_with_last_days(
    petitions: Sequence[TalliedPetition], number: int, now: datetime, tables: Tables
) -> dict[str, tuple[Count, list[int]]]:
    """Return each petition's count by slug, and its changes on the last `number` days (UTC): today's is the last."""
    heads = store.heads([petition.slug for petition in petitions], tables)
    tallies = _read_and_close_all(petitions, heads, now, tables)
    days = [now.date() - timedelta(days=back) for back in reversed(range(number))]
    closed = _closed_totals(heads, days[0], tables)
    found = {}
    for slug, by_day in tallies.items():
        open_totals = {(slug, day): tally.total for day, tally in by_day.items()}
        totals = {**open_totals, **closed}
        found[slug] = _count(heads[slug], by_day, now), [totals.get((slug, day), 0) for day in days]
    return found


def _closed_totals(heads: Mapping[str, store.Head], first: date, tables: Tables) -> Mapping[tuple[str, date], int]:
    """Return the totals by slug and closed day since `first`. They never change, so the process keeps them."""
    ranges = {slug: (max(first, head.began or first), head.through) for slug, head in heads.items()}
    return _closed_days.get(repr(sorted(ranges.items())), lambda: store.closed_totals(ranges, tables))


def _read_and_close_all(
    petitions: Sequence[TalliedPetition], heads: Mapping[str, store.Head], now: datetime, tables: Tables
) -> dict[str, dict[date, Tally]]:
    if len(heads) < len(petitions):
        raise UnknownPetition
    all_open_days = [_open_days(heads[petition.slug], petition, now) for petition in petitions]
    tallies = [*zip(all_open_days, store.day_tallies(all_open_days, tables), strict=True)]
    close_past_days(tallies, now, tables)
    return {open_days.slug: by_day for open_days, by_day in tallies}


def _count(head: store.Head, open_tallies: Mapping[date, Tally], now: datetime) -> Count:
    open_sum = summed(open_tallies.values())
    return Count(
        confirmed=head.total + open_sum.total,
        as_of=now,
        withdrawn=head.withdrawn + open_sum.withdrawn,
        by_partners=head.by_partners + open_sum.by_partners,
    )


def breakdown(petition: TalliedPetition, by: TallyDimension, days: Days, now: datetime, tables: Tables) -> Breakdown:
    """Return the confirmations minus the withdrawals of these days, by one dimension. Also close past days."""
    return _breakdown(by, _tallies_on(petition, days, now, tables), now)


def breakdowns(petition: TalliedPetition, days: Days, now: datetime, tables: Tables) -> list[Breakdown]:
    """Return each breakdown of the tally, all from one read, so that they have the same sum."""
    tallies = _tallies_on(petition, days, now, tables)
    return [_breakdown(by, tallies, now) for by in TallyDimension]


def _breakdown(by: TallyDimension, tallies: Mapping[date, Tally], now: datetime) -> Breakdown:
    tally = summed(tallies.values())
    return Breakdown(tally.total, now, by, breakdown_values(by, tallies), tally.withdrawn)


def _tallies_on(petition: TalliedPetition, days: Days, now: datetime, tables: Tables) -> dict[date, Tally]:
    head = store.head(petition.slug, tables)
    open_tallies = _read_and_close(petition, head, now, tables)
    last_closed = min(days.last, head.through)  # The days after `head.through` are in `open_tallies`.
    closed_tallies = store.closed_days(petition.slug, days.first, last_closed, tables)
    chosen = {day: tally for day, tally in open_tallies.items() if day in days}
    return chosen | closed_tallies


def largest(breakdown: Breakdown, top: int | None) -> Breakdown:
    """Return the `top` largest values, and the sum of all others as OTHERS, unless 0. None: unchanged."""
    if top is None:
        return breakdown
    ranked = largest_first(breakdown.values)
    values = dict(ranked[:top])
    others = sum(number for _, number in ranked[top:])
    if others:
        values[OTHERS] = others
    return replace(breakdown, values=values)


def first_day(petition: TalliedPetition, tables: Tables) -> date:
    """Return the day on which counting began, or else (not recorded) the day on which the petition opened."""
    return store.head(petition.slug, tables).began or petition.opened_at.date()


def read_open_days(head: store.Head, petition: TalliedPetition, now: datetime, tables: Tables) -> dict[date, Tally]:
    return store.day_tallies([_open_days(head, petition, now)], tables)[0]


def _open_days(head: store.Head, petition: TalliedPetition, now: datetime) -> store.OpenDays:
    """Return the days after the last closed day, up to today. Shortly before midnight, tomorrow is one of them.

    Our clock may be behind, or a writer's clock ahead.
    """
    number_of_days = ((now + CLOCKS_DIFFER).date() - head.through).days
    days = [head.through + timedelta(days=number) for number in range(1, number_of_days + 1)]
    # Usually the head has the larger number, raised first. But `open_tally` stores a head without one.
    shards = max(petition.shards, head.shards)
    return store.OpenDays(petition.slug, shards, days)


def _read_and_close(petition: TalliedPetition, head: store.Head, now: datetime, tables: Tables) -> dict[date, Tally]:
    tallies = read_open_days(head, petition, now, tables)
    close_past_days([(_open_days(head, petition, now), tallies)], now, tables)
    return tallies


def close_past_days(
    tallies: Iterable[tuple[store.OpenDays, Mapping[date, Tally]]], now: datetime, tables: Tables
) -> None:
    """Close the days that are over, oldest first. `tallies`: of each petition, the days not closed and their tallies.

    A day must be over for GRACE, by our clock and by AWS's (`answered_at`): signatures may still be added to it.
    """
    deadline = monotonic() + CLOSING_SECONDS
    aws_time = tables.answered_at or now
    finished_until = min(now, aws_time) - GRACE
    for open_days, tally_by_day in tallies:
        past_days = [day for day in open_days.days if day < finished_until.date()]
        # If this fails, another reader has closed the days, or a later one will. The count is right anyway.
        with suppress(ConditionFailed, Unavailable):
            for days in chunks(past_days, DAYS_AT_ONCE):
                if monotonic() >= deadline:
                    return
                closed = {day: tally_by_day[day] for day in days}
                try:
                    store.close_days(open_days.slug, closed, open_days.shards, tables)
                except DayNotClosed:
                    log.degraded("day_not_closed", petition=open_days.slug, day=days[0].isoformat())
                    break


def open_tally(slug: str, shards: int, now: datetime, tables: Tables) -> None:
    """Open the tally with this number of shards. Idempotent: if the tally exists, this can only add shards."""
    day_before_first = now.date() - timedelta(days=1)
    store.open_head(slug, day_before_first, tables)
    store.raise_shards(slug, shards, tables)
    snapshots.open_snapshot(slug, now, tables)


def raise_shards_to_read(slug: str, shards: int, tables: Tables) -> None:
    """Raise the number of shards that readers sum. Call this before the first write to a new shard."""
    store.raise_shards(slug, shards, tables)


def tally_change(slug: str, shards: int, entry: TallyEntry) -> Change:
    """Return the change that adds the entry to a random shard: call this again after a conflict."""
    return store.entry_change(slug, randrange(shards), entry)


class RemovalCount(StrEnum):
    """What a removal took out of the tally, counted in the transaction that does so: exact, and never twice."""

    REMOVED = "removed"
    PUT_BACK = "put_back"


def count_change(slug: str, removal: str, numbers: Mapping[RemovalCount, int]) -> Change:
    return Change(keys.removal_counts(slug, removal), add={str(name): number for name, number in numbers.items()})


def removal_count(slug: str, removal: str, tables: Tables) -> dict[RemovalCount, int]:
    """Return how many signatures the removal took out of the count, and how many of them were put back since."""
    item = tables.get(keys.removal_counts(slug, removal), consistent=True) or {}
    return {name: item.get(name, 0) for name in RemovalCount}
