"""Working hours: Monday to Friday, in the time of London. Public holidays count as working days.

A position is a moment, counted in working time only: the milliseconds of working hours since FIRST_MONDAY. Nights and
weekends do not count. Turns of letters are booked by position, so booking needs no rule for nights.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

LONDON = "Europe/London"
FIRST_MONDAY = datetime(2001, 1, 1)
WORKING_DAYS, DAYS_IN_WEEK = 5, 7
MILLISECOND = timedelta(milliseconds=1)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class WorkingTime:
    """The hours from `from_hour` to `to_hour` on each working day."""

    from_hour: int = 9
    to_hour: int = 17

    @property
    def _day_length(self) -> int:
        """Return the milliseconds of working time in a day."""
        return (self.to_hour - self.from_hour) * HOUR // MILLISECOND

    def is_open(self, moment: datetime) -> bool:
        local = in_london(moment)
        return local.weekday() < WORKING_DAYS and self.from_hour <= local.hour < self.to_hour

    def position(self, moment: datetime) -> int:
        """Return the milliseconds of working time between FIRST_MONDAY and this moment."""
        local = in_london(moment)
        weeks, weekday = divmod((local - FIRST_MONDAY).days, DAYS_IN_WEEK)
        since_opening = (local - _midnight(local) - self.from_hour * HOUR) // MILLISECOND
        if weekday >= WORKING_DAYS:  # On a weekend, the week's working time is over.
            weekday, since_opening = WORKING_DAYS, 0
        # Before the working hours, none of the day's working time has passed. After them, all of it has passed.
        passed_today = min(max(0, since_opening), self._day_length)
        return (weeks * WORKING_DAYS + weekday) * self._day_length + passed_today

    def moment_at(self, position: int) -> datetime:
        """Return the first moment in working hours that has this position.

        The end of the working hours has the same position as the next opening, but is not in working hours itself.
        """
        day, milliseconds = divmod(position, self._day_length)
        weeks, weekday = divmod(day, WORKING_DAYS)
        opening = FIRST_MONDAY + timedelta(days=weeks * DAYS_IN_WEEK + weekday) + self.from_hour * HOUR
        local = opening + milliseconds * MILLISECOND
        return local.replace(tzinfo=ZoneInfo(LONDON)).astimezone(UTC)


def in_london(moment: datetime) -> datetime:
    """Return the moment as London's local time, without a time zone."""
    return moment.astimezone(ZoneInfo(LONDON)).replace(tzinfo=None)


def _midnight(local: datetime) -> datetime:
    return local.replace(hour=0, minute=0, second=0, microsecond=0)
