"""The pace of letters to one target: evenly spread over working hours, and at most `per_hour` in each hour.

A letter books a turn: a time at which it may be sent. The turn is stored in the letter's item. So there is no queue
message while the letter waits, and the letter delays no other email.

While all email is paused, the turns of many letters pass. After the pause, all these letters would be sent at once. So
there is a second limit: each clock hour has `per_hour` places, and a letter is sent only if it takes a place.

Working hours are Monday to Friday, in the time of London. Public holidays count as working days. A position is a
moment, counted in working time only: the milliseconds of working hours since FIRST_MONDAY. Turns of letters are booked
by position, so booking needs no rule for nights and weekends.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from zlib import crc32
from zoneinfo import ZoneInfo

from chalicelib.aws.table import Attr, Change, Tables
from chalicelib.core import letter_keys
from chalicelib.core.keys import Key
from chalicelib.core.letter_keys import letter_ids
from chalicelib.core.times import iso
from chalicelib.mail.turns import Turns, book
from chalicelib.petitions.letter import Paced

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


HOUR_IN_MILLISECONDS = HOUR // MILLISECOND


def book_letter_turn(key: str, pace: Paced, now: datetime, tables: Tables, *, has_turn: bool = False) -> datetime:
    """Book a turn for the letter. If the turn is now, take a place in this hour. Return when the letter may be sent.

    The returned time is `now` if the letter got a place, or else later. `has_turn`: the letter has booked a turn
    before, and it is due now. Needs one or two writes to book a turn, and one or two more to take a place in the hour.
    """
    slug, target, _ = letter_ids(key)
    working = WorkingTime(pace.from_hour, pace.to_hour)
    if not has_turn:
        # Each pace has its own turns: turns booked at a slow pace must not delay letters at a fast pace.
        turns_key = letter_keys.target(slug, target, part=f"{pace.per_hour} {pace.from_hour}-{pace.to_hour}")
        due = _next_turn(turns_key, pace, working, now, tables)
        if due > now:
            return due
    # But all paces share the places: they limit what the target gets in an hour.
    places_key = letter_keys.target(slug, target)
    # A letter that comes later than its turn may come outside of working hours.
    if working.is_open(now) and _take_place(places_key, pace.per_hour, now, tables):
        return now
    # Try again within the next hour of working time. The delay differs between letters, so that they do not all try
    # at the same moment.
    delay = 1 + crc32(key.encode()) % HOUR_IN_MILLISECONDS
    return working.moment_at(working.position(now) + delay)


def _next_turn(key: Key, pace: Paced, working: WorkingTime, now: datetime, tables: Tables) -> datetime:
    """Book the next turn, and return its time. Turns are booked in milliseconds of working time."""
    position = working.position(now)
    step = ceil(HOUR_IN_MILLISECONDS / pace.per_hour)  # Rounded up, so that no hour has more than `per_hour` turns.
    wait = book(Turns(key, step), position, tables)
    # A position is in whole milliseconds, so its moment may be a fraction of a millisecond before `now`.
    return max(now, working.moment_at(position + wait))


def _take_place(key: Key, per_hour: int, now: datetime, tables: Tables) -> bool:
    """Take a place in this hour. Return False if none is free. If the mail sender crashes, its place stays taken."""
    hour = iso(now)[:13]  # Such as 2026-11-24T18.
    is_this_hour = Attr("hour").eq(hour)
    has_free_place = Attr("in_hour").lt(per_hour)
    change = Change(key, add={"in_hour": 1}, when=is_this_hour & has_free_place)
    if tables.try_update(change):
        return True
    is_first_in_hour = Attr("hour").not_exists() | Attr("hour").lt(hour)
    return tables.try_update(Change(key, assign={"hour": hour, "in_hour": 1}, when=is_first_in_hour))
