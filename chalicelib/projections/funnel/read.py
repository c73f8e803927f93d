"""Read the funnel: stages by hour or day, and the current and highest rate of confirmations."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from chalicelib.aws.table import Tables
from chalicelib.core.errors import Unavailable
from chalicelib.core.times import iso
from chalicelib.petitions.model import Petition
from chalicelib.projections.funnel import store
from chalicelib.projections.funnel.model import SLOT_MINUTES, Numbers, Stage, begins, stage_of
from chalicelib.tallies.count import Days, first_day

# The stream's event source drops a change after twelve hours (stack/template/streams.py). Then a day is final.
OPEN_DAYS = timedelta(days=2)
SLOT = timedelta(minutes=SLOT_MINUTES)

# How many signatures passed each stage, by day.
Passed = dict[date, Numbers]
Row = Counter[Stage]


class FunnelBy(StrEnum):
    DAY = "day"
    HOUR = "hour"


@dataclass(frozen=True)
class Rate:
    """Confirmations a minute: `now` is the mean of the last `over_minutes` (10 to 20); `peak` of the best ten."""

    now: float
    over_minutes: int
    peak: float
    peak_at: datetime | None


def passed_by_day(petition: Petition, now: datetime, tables: Tables) -> Passed:
    """Return every day until today. Close days that are final: sum each up in one small item."""
    closed = store.closed_days(petition.slug, tables)
    today = now.date()
    first = max(closed) + timedelta(days=1) if closed else min(first_day(petition, tables), today - OPEN_DAYS)
    days = [first + timedelta(days=number) for number in range((today - first).days + 1)]
    opened = store.open_days(petition.slug, days, tables)
    _close(petition.slug, {day: opened[day] for day in days if day < today - OPEN_DAYS}, tables)
    return closed | opened


def days_within(days: Days, passed: Passed) -> Passed:
    """Return the days that are within `days`."""
    return {day: numbers for day, numbers in passed.items() if days.first <= day <= days.last}


def rows(by: FunnelBy, passed: Passed) -> dict[str, Row]:
    """Return rows in order, without empty ones."""
    found: dict[str, Row] = defaultdict(Counter)
    for day, numbers in passed.items():
        for name, number in numbers.items():
            key = day.isoformat() if by is FunnelBy.DAY else iso(begins(name, day).replace(minute=0))
            found[key][stage_of(name)] += number
    return dict(sorted(found.items()))


def totals(passed: Passed) -> Row:
    return sum(rows(FunnelBy.DAY, passed).values(), Row())


def rate(passed: Passed, chosen: Passed, now: datetime) -> Rate:
    """Return the current rate from `passed` and the peak from `chosen`."""
    since = _slot_of(now) - SLOT
    recent = sum(number for start, number in _confirmed(passed).items() if start >= since)
    minutes = (now - since) / timedelta(minutes=1)
    slots = _confirmed(chosen)
    best = max(slots, key=lambda start: slots[start], default=None)
    peak = slots[best] / SLOT_MINUTES if best else 0.0
    return Rate(round(recent / minutes, 1), round(minutes), round(peak, 1), best)


def last_day(passed: Passed, now: datetime) -> dict[datetime, int]:
    """Return the confirmations of the last 24 hours by the start of their ten minutes, in order."""
    since = _slot_of(now) - timedelta(days=1)
    return {start: number for start, number in sorted(_confirmed(passed).items()) if since < start}


def _close(slug: str, final_days: Passed, tables: Tables) -> None:
    try:
        for day, numbers in final_days.items():
            store.close_day(slug, day, numbers, tables)
    except Unavailable:
        pass  # The next read closes them. The numbers are correct without it.


def _confirmed(passed: Passed) -> Mapping[datetime, int]:
    """Return confirmations by the start of their ten minutes."""
    return {
        begins(name, day): number
        for day, numbers in passed.items()
        for name, number in numbers.items()
        if stage_of(name) is Stage.CONFIRMED
    }


def _slot_of(moment: datetime) -> datetime:
    return moment.replace(minute=moment.minute // SLOT_MINUTES * SLOT_MINUTES, second=0, microsecond=0)
