"""Working hours: Monday to Friday, in the time of London. Public holidays are not known.

Positions are milliseconds of working time since a Monday, so a night has no length and one limiter does for all days.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

# A Monday.
FIRST = datetime(2001, 1, 1)
WORKING_DAYS, DAYS = 5, 7
MILLISECOND = timedelta(milliseconds=1)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class WorkingTime:
    """From one hour to another, on each working day."""

    from_hour: int = 9
    to_hour: int = 17

    @property
    def _length(self) -> int:
        return (self.to_hour - self.from_hour) * HOUR // MILLISECOND

    def is_open(self, moment: datetime) -> bool:
        local = in_london(moment)
        return local.weekday() < WORKING_DAYS and self.from_hour <= local.hour < self.to_hour

    def position(self, moment: datetime) -> int:
        """Return the working time before this moment."""
        local = in_london(moment)
        weeks, weekday = divmod((local - FIRST).days, DAYS)
        today = (local - _midnight(local) - self.from_hour * HOUR) // MILLISECOND
        if weekday >= WORKING_DAYS:
            weekday, today = WORKING_DAYS, 0
        return (weeks * WORKING_DAYS + weekday) * self._length + min(max(0, today), self._length)

    def moment(self, position: int) -> datetime:
        """Return the first moment with this much working time before it that is in working hours."""
        day, today = divmod(position, self._length)
        weeks, weekday = divmod(day, WORKING_DAYS)
        local = FIRST + timedelta(days=weeks * DAYS + weekday) + self.from_hour * HOUR + today * MILLISECOND
        return local.replace(tzinfo=UTC) - _ahead(local.replace(tzinfo=UTC))


def in_london(moment: datetime) -> datetime:
    """Return the time of London, without a zone."""
    return (moment.astimezone(UTC) + _ahead(moment)).replace(tzinfo=None)


def _ahead(moment: datetime) -> timedelta:
    """Return how far London is ahead of UTC. Lambda has no time zone data, and the rule has been the same since 1996.

    Summer time is from the last Sunday of March to that of October, each at 01:00 UTC (Summer Time Order 2002).
    """
    is_summer = _last_sunday(moment.year, 3) <= moment < _last_sunday(moment.year, 10)
    return HOUR if is_summer else timedelta()


def _last_sunday(year: int, month: int) -> datetime:
    """Return 01:00 UTC on the last Sunday of a month of 31 days."""
    last = datetime(year, month, 31, 1, tzinfo=UTC)
    return last - timedelta(days=(last.weekday() + 1) % DAYS)


def _midnight(local: datetime) -> datetime:
    return local.replace(hour=0, minute=0, second=0, microsecond=0)
