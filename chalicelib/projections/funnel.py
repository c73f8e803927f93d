"""The funnel: how many signatures passed each stage, such as received or confirmed, by hour or day.

A day is stored in 64 items, one for each bucket. When it is final, it is closed: their sum is stored in one item.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from chalicelib.aws.table import NewItem, Tables
from chalicelib.core import keys
from chalicelib.core.errors import Unavailable
from chalicelib.core.times import iso
from chalicelib.petitions.model import Petition
from chalicelib.tallies.count import Days, first_day


class Stage(StrEnum):
    """A stage that a signature passes. A signature is counted when it passes the stage, and never subtracted."""

    RECEIVED = "received"
    MAILED = "mailed"
    CONFIRMED = "confirmed"
    BOUNCED = "bounced"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


# Numbers by name (see `name_of`).
Numbers = Counter[str]
# No two stages begin with the same letter.
_STAGE_BY_LETTER = {stage[0]: stage for stage in Stage}


def name_of(stage: Stage, at: datetime) -> str:
    """Return r13 for received from 13:00 to 14:00."""
    return f"{stage[0]}{at:%H}"


def stage_of(name: str) -> Stage:
    return _STAGE_BY_LETTER[name[0]]


def hour_of(name: str, day: date) -> datetime:
    return datetime(day.year, day.month, day.day, int(name[1:]), tzinfo=UTC)


def numbers_of(item: Mapping[str, object]) -> Numbers:
    """The item's other attributes, such as the key, are texts."""
    return Counter({name: value for name, value in item.items() if isinstance(value, int)})


# The stream's event source drops a change after twelve hours (stack/template/functions.yaml), so an older day is final.
OPEN_DAYS = timedelta(days=2)
HOUR = timedelta(hours=1)

# How many signatures passed each stage, by day.
StageCounts = dict[date, Numbers]
Row = Counter[Stage]


class FunnelBy(StrEnum):
    DAY = "day"
    HOUR = "hour"


@dataclass(frozen=True)
class Rate:
    """Confirmations by hour. `peak` is the number of the busiest hour, which began at `peak_at`."""

    this_hour: int
    hour_before: int
    peak: int
    peak_at: datetime | None


def stage_counts_by_day(petition: Petition, now: datetime, tables: Tables) -> StageCounts:
    """Return the counts until today. Close the final days that are not closed yet."""
    closed = closed_days(petition.slug, tables)
    today = now.date()
    final_before = today - OPEN_DAYS
    first = _first_not_closed(petition, closed, final_before, tables)
    number_of_days = (today - first).days + 1
    days = [first + timedelta(days=number) for number in range(number_of_days)]
    not_closed = numbers_of_days(petition.slug, days, tables)
    final = {day: not_closed[day] for day in days if day < final_before}
    _close_days(petition.slug, final, tables)
    return closed | not_closed


def _first_not_closed(petition: Petition, closed: StageCounts, final_before: date, tables: Tables) -> date:
    """`first_day` may be too late: staff can move the opening to a later day after people have signed."""
    if closed:
        return max(closed) + timedelta(days=1)
    return min(first_day(petition, tables), final_before)


def days_within(days: Days, counts: StageCounts) -> StageCounts:
    return {day: numbers for day, numbers in counts.items() if day in days}


def rows(by: FunnelBy, counts: StageCounts) -> dict[str, Row]:
    found: dict[str, Row] = defaultdict(Counter)
    for day, numbers in counts.items():
        for name, number in numbers.items():
            key = day.isoformat() if by is FunnelBy.DAY else iso(hour_of(name, day))
            found[key][stage_of(name)] += number
    return dict(sorted(found.items()))


def totals(counts: StageCounts) -> Row:
    return sum(rows(FunnelBy.DAY, counts).values(), Row())


def rate(counts: StageCounts, chosen: StageCounts, now: datetime) -> Rate:
    """Return the rate of this hour and the hour before in all `counts`, and the peak of the `chosen` days."""
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    recent, hours = _confirmations(counts), _confirmations(chosen)
    peak_at = max(hours, key=lambda start: hours[start], default=None)
    peak = hours[peak_at] if peak_at else 0
    return Rate(recent[this_hour], recent[this_hour - HOUR], peak, peak_at)


def _close_days(slug: str, final_days: StageCounts, tables: Tables) -> None:
    with suppress(Unavailable):  # The next read stores them. The counts are correct without them.
        for day, numbers in final_days.items():
            tables.try_put_new(NewItem(keys.funnel_day(slug, day), numbers))


def _confirmations(counts: StageCounts) -> Counter[datetime]:
    hours: Counter[datetime] = Counter()
    for day, numbers in counts.items():
        for name, number in numbers.items():
            if stage_of(name) is Stage.CONFIRMED:
                hours[hour_of(name, day)] = number
    return hours


def numbers_of_days(slug: str, days: Sequence[date], tables: Tables) -> dict[date, Numbers]:
    """Return the sums over the buckets. They may lag by seconds."""
    sums: dict[date, Numbers] = {day: Counter() for day in days}
    counters = [keys.funnel(slug, bucket, day) for day in days for bucket in keys.BUCKETS]
    for item in tables.batch_get(counters):
        day = date.fromisoformat(item["sk"])
        sums[day].update(numbers_of(item))
    return sums


def closed_days(slug: str, tables: Tables) -> dict[date, Numbers]:
    """In order and without gaps, because a day is closed after the day before it."""
    items = tables.query(keys.COUNTS, keys.funnel_days_partition(slug))
    return {date.fromisoformat(item["sk"]): numbers_of(item) for item in items}
