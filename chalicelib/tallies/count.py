"""How many signed? Exactly, broken down, and as the public sees it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from chalicelib.aws.table import Tables
from chalicelib.core.errors import ConditionFailed, Unavailable
from chalicelib.shedding.level import Level, level_now
from chalicelib.tallies import store
from chalicelib.tallies.model import By, Counted, Tally, broken_down, summed

# After midnight UTC a transaction that began before may still arrive; AWS allows no such delay as this.
GRACE = timedelta(hours=1)
FRESH = timedelta(seconds=5)
LEASE_SECONDS = 10
# No source and no country has brackets.
OTHERS = "(others)"


@dataclass(frozen=True)
class Count:
    """Confirmed signatures, and the moment (UTC) for which that is true."""

    confirmed: int
    as_of: datetime


@dataclass(frozen=True)
class Breakdown:
    """Its values sum to `confirmed`, for they were read together."""

    confirmed: int
    as_of: datetime
    by: StrEnum
    values: Mapping[str, int]


@dataclass(frozen=True)
class Days:
    """From the first to the last day, both included (UTC)."""

    first: date = date.min
    last: date = date.max


def exact_count(petition: Counted, now: datetime, tables: Tables) -> Count:
    """Two reads, whatever the age and size of the petition: closed days as one sum, then today's shards."""
    head = store.head(petition.slug, tables)
    open_days = _open_days(petition, head, now, tables)
    return Count(head.total + summed(open_days.values()).total, now)


def breakdown(petition: Counted, by: By, days: Days, now: datetime, tables: Tables) -> Breakdown:
    """What was confirmed (less what was withdrawn) on these days."""
    return _breakdown(by, _tallies_on(petition, days, now, tables), now)


def breakdowns(petition: Counted, days: Days, now: datetime, tables: Tables) -> list[Breakdown]:
    """By everything that the tally keeps, of one read: they agree with each other."""
    tallies = _tallies_on(petition, days, now, tables)
    return [_breakdown(by, tallies, now) for by in By]


def _breakdown(by: By, tallies: Mapping[date, Tally], now: datetime) -> Breakdown:
    return Breakdown(summed(tallies.values()).total, now, by, broken_down(by, tallies))


def _tallies_on(petition: Counted, days: Days, now: datetime, tables: Tables) -> dict[date, Tally]:
    head = store.head(petition.slug, tables)
    tallies = {
        **_open_days(petition, head, now, tables),
        **store.closed_days(petition.slug, days.first, min(days.last, head.through), tables),
    }
    return {day: tally for day, tally in tallies.items() if days.first <= day <= days.last}


def largest(counted: Breakdown, top: int | None) -> Breakdown:
    """The `top` largest values, largest first, and all others as one: they still sum to `confirmed`."""
    if top is None:
        return counted
    ranked = sorted(counted.values.items(), key=lambda row: (-row[1], row[0]))
    others = sum(number for _, number in ranked[top:])
    return replace(counted, values={**dict(ranked[:top]), **({OTHERS: others} if others else {})})


def first_day(petition: Counted, tables: Tables) -> date:
    """On which anything can have been counted."""
    return store.head(petition.slug, tables).began or petition.opened_at.date()


def public_count(petition: Counted, now: datetime, tables: Tables) -> Count:
    """One read; whoever finds it stale and gets the lease counts for everybody.

    Under load shedding nobody does. Raise Unavailable when there is then no number at all.
    """
    known = store.snapshot(petition.slug, tables)
    seen = Count(known["count"], datetime.fromisoformat(known["as_of"])) if known else None
    if seen and now - seen.as_of < FRESH:
        return seen
    if level_now(tables).includes(Level.SNAPSHOT_ONLY):
        return _as_it_was(seen)
    try:
        return _refreshed(petition, now, tables) or seen or exact_count(petition, now, tables)
    except Unavailable:
        if seen is None:
            raise
        return seen


def _as_it_was(seen: Count | None) -> Count:
    if seen is None:
        raise Unavailable
    return seen


def _refreshed(petition: Counted, now: datetime, tables: Tables) -> Count | None:
    if not store.lease_snapshot(petition.slug, now, LEASE_SECONDS, tables):
        return None
    count = exact_count(petition, now, tables)
    store.save_snapshot(petition.slug, count.confirmed, count.as_of, tables)
    return count


def days_after(head: store.Head, petition: Counted, now: datetime, tables: Tables) -> dict[date, Tally]:
    """Oldest first, each summed over every shard that anybody may have written to."""
    first = head.through + timedelta(days=1)
    days = [first + timedelta(days=number) for number in range((now.date() - head.through).days)]
    shards = max(petition.shards, head.shards)
    return store.days_of_shards(petition.slug, shards, days, tables) if days else {}


def _open_days(petition: Counted, head: store.Head, now: datetime, tables: Tables) -> dict[date, Tally]:
    """The days behind the head. Those that are over are closed in passing, oldest first."""
    shards = max(petition.shards, head.shards)
    tallies = days_after(head, petition, now, tables)
    try:
        for day in tallies:
            if day < (now - GRACE).date():
                store.close_day(petition.slug, day, tallies[day], shards, tables)
    except (ConditionFailed, Unavailable):
        pass  # Somebody else closed it, or the next reader will; what was read is right all the same.
    return tallies
