"""Read the funnel: how many signatures passed each stage by hour or day, and the rate of confirmations.

A day is stored in 64 items, one for each bucket. When a day is final, it is closed: the sum of its 64 items is stored
in one item. A slot is ten minutes: the number of confirmations is stored for each slot.
"""

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
from chalicelib.projections.funnel.model import SLOT_MINUTES, Numbers, Stage, stage_of, start_of
from chalicelib.tallies.count import Days, first_day

# A day is final when it is older than this: the stream's event source drops a change after twelve hours
# (stack/template/streams.py).
OPEN_DAYS = timedelta(days=2)
SLOT = timedelta(minutes=SLOT_MINUTES)

# How many signatures passed each stage, by day.
StageCounts = dict[date, Numbers]
Row = Counter[Stage]


class FunnelBy(StrEnum):
    DAY = "day"
    HOUR = "hour"


@dataclass(frozen=True)
class Rate:
    """Confirmations a minute: `current` is the mean of the last `over_minutes` (10 to 20 minutes).

    `peak` is the mean of the busiest ten minutes, which began at `peak_at`.
    """

    current: float
    over_minutes: int
    peak: float
    peak_at: datetime | None


def stage_counts_by_day(petition: Petition, now: datetime, tables: Tables) -> StageCounts:
    """Return the counts of every day until today. Close the final days that are not closed yet."""
    closed = store.closed_days(petition.slug, tables)
    today = now.date()
    # If the petition's first day is later than OPEN_DAYS ago, perhaps in the future, start OPEN_DAYS ago.
    first = max(closed) + timedelta(days=1) if closed else min(first_day(petition, tables), today - OPEN_DAYS)
    days = [first + timedelta(days=number) for number in range((today - first).days + 1)]
    not_closed = store.open_days(petition.slug, days, tables)
    _close_days(petition.slug, {day: not_closed[day] for day in days if day < today - OPEN_DAYS}, tables)
    return closed | not_closed


def days_within(days: Days, counts: StageCounts) -> StageCounts:
    """Return the counts of the days that are within `days`."""
    return {day: numbers for day, numbers in counts.items() if days.first <= day <= days.last}


def rows(by: FunnelBy, counts: StageCounts) -> dict[str, Row]:
    """Return a row for each day or hour in which a signature passed a stage, in order."""
    found: dict[str, Row] = defaultdict(Counter)
    for day, numbers in counts.items():
        for name, number in numbers.items():
            # The name contains the stage and the time: c134 means confirmed from 13:40 to 13:50.
            key = day.isoformat() if by is FunnelBy.DAY else iso(start_of(name, day).replace(minute=0))
            found[key][stage_of(name)] += number
    return dict(sorted(found.items()))


def totals(counts: StageCounts) -> Row:
    return sum(rows(FunnelBy.DAY, counts).values(), Row())


def rate(counts: StageCounts, chosen: StageCounts, now: datetime) -> Rate:
    """Return the current rate of all `counts`, and the peak of the `chosen` days."""
    since = _slot_start(now) - SLOT  # The rate is of the current slot and the slot before it.
    recent = sum(number for start, number in _confirmations(counts).items() if start >= since)
    minutes = (now - since) / timedelta(minutes=1)
    slots = _confirmations(chosen)
    busiest = max(slots, key=lambda start: slots[start], default=None)
    peak = slots[busiest] / SLOT_MINUTES if busiest else 0.0
    current = round(recent / minutes, 1)
    return Rate(current=current, over_minutes=round(minutes), peak=round(peak, 1), peak_at=busiest)


def last_day(counts: StageCounts, now: datetime) -> dict[datetime, int]:
    """Return the number of confirmations in each slot of the last 24 hours, by the start of the slot, in order."""
    since = _slot_start(now) - timedelta(days=1)
    return {start: number for start, number in sorted(_confirmations(counts).items()) if since < start}


def _close_days(slug: str, final_days: StageCounts, tables: Tables) -> None:
    """Store the sum of each final day."""
    try:
        for day, numbers in final_days.items():
            store.close_day(slug, day, numbers, tables)
    except Unavailable:
        pass  # The next read stores them. The counts are correct without them.


def _confirmations(counts: StageCounts) -> Mapping[datetime, int]:
    """Return the number of confirmations in each slot, by the start of the slot."""
    return {
        start_of(name, day): number
        for day, numbers in counts.items()
        for name, number in numbers.items()
        if stage_of(name) is Stage.CONFIRMED
    }


def _slot_start(moment: datetime) -> datetime:
    return moment.replace(minute=moment.minute // SLOT_MINUTES * SLOT_MINUTES, second=0, microsecond=0)
