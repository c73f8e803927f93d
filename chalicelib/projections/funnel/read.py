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
    final_before = today - OPEN_DAYS
    first = _first_not_closed(petition, closed, final_before, tables)
    number_of_days = (today - first).days + 1
    days = [first + timedelta(days=number) for number in range(number_of_days)]
    not_closed = store.numbers_of_days(petition.slug, days, tables)
    final = {day: not_closed[day] for day in days if day < final_before}
    _close_days(petition.slug, final, tables)
    return closed | not_closed


def _first_not_closed(petition: Petition, closed: StageCounts, final_before: date, tables: Tables) -> date:
    """Return the first day that is not closed.

    If no day is closed, this is `first_day`, or `final_before` if that is earlier. `first_day` may be too late: it may
    be the day of the opening, and staff can move the opening to a later day after people have signed.
    """
    if closed:
        return max(closed) + timedelta(days=1)
    return min(first_day(petition, tables), final_before)


def days_within(days: Days, counts: StageCounts) -> StageCounts:
    """Return the counts of the days that are within `days`."""
    return {day: numbers for day, numbers in counts.items() if day in days}


def rows(by: FunnelBy, counts: StageCounts) -> dict[str, Row]:
    """Return a row for each day or hour in which a signature passed a stage, in order."""
    found: dict[str, Row] = defaultdict(Counter)
    for day, numbers in counts.items():
        for name, number in numbers.items():
            key = _row_key(by, name, day)
            found[key][stage_of(name)] += number
    return dict(sorted(found.items()))


def _row_key(by: FunnelBy, name: str, day: date) -> str:
    """Return the day or hour in which the number with this name counts. c134 means: confirmed from 13:40 to 13:50."""
    if by is FunnelBy.DAY:
        return day.isoformat()
    hour = start_of(name, day).replace(minute=0)
    return iso(hour)


def totals(counts: StageCounts) -> Row:
    """Return how many signatures passed each stage in all days of `counts`."""
    return sum(rows(FunnelBy.DAY, counts).values(), Row())


def rate(counts: StageCounts, chosen: StageCounts, now: datetime) -> Rate:
    """Return the current rate of all `counts`, and the peak of the `chosen` days."""
    since = _slot_start(now) - SLOT  # The rate is of the current slot and the slot before it.
    slots = _confirmations(counts)
    recent = sum(slots[start] for start in slots if start >= since)
    minutes = (now - since) / timedelta(minutes=1)
    current = round(recent / minutes, 1)
    chosen_slots = _confirmations(chosen)
    peak_start = max(chosen_slots, key=lambda start: chosen_slots[start], default=None)
    peak = chosen_slots[peak_start] / SLOT_MINUTES if peak_start else 0.0
    return Rate(current=current, over_minutes=round(minutes), peak=round(peak, 1), peak_at=peak_start)


def last_day(counts: StageCounts, now: datetime) -> dict[datetime, int]:
    """Return the confirmations of the last 24 hours by the start of the slot, in order. Empty slots are absent."""
    first = _slot_start(now) + SLOT - timedelta(days=1)  # The current slot is the last one of these 24 hours.
    slots = _confirmations(counts)
    return {start: slots[start] for start in sorted(slots) if start >= first}


def _close_days(slug: str, final_days: StageCounts, tables: Tables) -> None:
    """Store the sum of each final day, oldest first."""
    try:
        for day, numbers in final_days.items():
            store.close_day(slug, day, numbers, tables)
    except Unavailable:
        pass  # The next read stores them. The counts are correct without them.


def _confirmations(counts: StageCounts) -> Mapping[datetime, int]:
    """Return the number of confirmations in each slot, by the start of the slot."""
    slots = {}
    for day, numbers in counts.items():
        for name, number in numbers.items():
            if stage_of(name) is Stage.CONFIRMED:
                slots[start_of(name, day)] = number
    return slots


def _slot_start(moment: datetime) -> datetime:
    return moment.replace(minute=moment.minute // SLOT_MINUTES * SLOT_MINUTES, second=0, microsecond=0)
