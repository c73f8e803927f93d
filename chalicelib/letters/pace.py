"""The pace of letters to one target: evenly spread over working hours, and at most `per_hour` in each hour.

A letter books a turn, which is stored in its item. So there is no queue message while it waits, and it delays no other
email. After a pause of all email, many turns have passed. So there is a second limit: each clock hour has `per_hour`
places, and a letter is sent only if it takes one.

Working hours are Monday to Friday in London, public holidays included. A position is a moment in working time only:
milliseconds of working hours since FIRST_MONDAY. Turns are booked by position, so nights and weekends need no rule.
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
from chalicelib.core.times import LONDON, iso
from chalicelib.mail.turns import Turns, book
from chalicelib.petitions.letter import Paced

FIRST_MONDAY = datetime(2001, 1, 1)
WORKING_DAYS, DAYS_IN_WEEK = 5, 7
MILLISECOND = timedelta(milliseconds=1)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class WorkingTime:
    from_hour: int = 9
    to_hour: int = 17

    @property
    def _day_length(self) -> int:
        return (self.to_hour - self.from_hour) * HOUR // MILLISECOND

    def is_open(self, moment: datetime) -> bool:
        local = in_london(moment)
        return local.weekday() < WORKING_DAYS and self.from_hour <= local.hour < self.to_hour

    def position(self, moment: datetime) -> int:
        local = in_london(moment)
        weeks, weekday = divmod((local - FIRST_MONDAY).days, DAYS_IN_WEEK)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        since_opening = (local - midnight - self.from_hour * HOUR) // MILLISECOND
        if weekday >= WORKING_DAYS:  # On a weekend, the week's working time is over.
            weekday, since_opening = WORKING_DAYS, 0
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
    return moment.astimezone(ZoneInfo(LONDON)).replace(tzinfo=None)


HOUR_IN_MILLISECONDS = HOUR // MILLISECOND


def book_letter_turn(key: str, pace: Paced, now: datetime, tables: Tables, *, has_turn: bool = False) -> datetime:
    """Return when the letter may be sent: `now` if it got a place in this hour, or else later.

    `has_turn`: its turn is due now. One or two writes book a turn, and one or two more take a place.
    """
    slug, target, _ = letter_ids(key)
    working = WorkingTime(pace.from_hour, pace.to_hour)
    if not has_turn:
        # Turns booked at a slow pace must not delay letters at a fast pace.
        turns_key = letter_keys.target(slug, target, part=f"{pace.per_hour} {pace.from_hour}-{pace.to_hour}")
        due = _next_turn(turns_key, pace, working, now, tables)
        if due > now:
            return due
    # All paces share the places: they limit what the target gets in an hour.
    places_key = letter_keys.target(slug, target)
    # A letter that comes later than its turn may come outside of working hours.
    if working.is_open(now) and _take_place(places_key, pace.per_hour, now, tables):
        return now
    # The delay differs between letters, so that they do not all try at the same moment.
    delay = 1 + crc32(key.encode()) % HOUR_IN_MILLISECONDS
    return working.moment_at(working.position(now) + delay)


def _next_turn(key: Key, pace: Paced, working: WorkingTime, now: datetime, tables: Tables) -> datetime:
    position = working.position(now)
    step = ceil(HOUR_IN_MILLISECONDS / pace.per_hour)  # Rounded up, so that no hour has more than `per_hour` turns.
    wait = book(Turns(key, step), position, tables)
    # A position is in whole milliseconds, so its moment may be a fraction of one before `now`.
    return max(now, working.moment_at(position + wait))


def _take_place(key: Key, per_hour: int, now: datetime, tables: Tables) -> bool:
    """Return False if none is free. If the mail sender crashes, its place stays taken."""
    hour = iso(now)[:13]  # Such as 2026-11-24T18.
    is_this_hour = Attr("hour").eq(hour)
    has_free_place = Attr("in_hour").lt(per_hour)
    change = Change(key, add={"in_hour": 1}, when=is_this_hour & has_free_place)
    if tables.try_update(change):
        return True
    is_first_in_hour = Attr("hour").not_exists() | Attr("hour").lt(hour)
    return tables.try_update(Change(key, assign={"hour": hour, "in_hour": 1}, when=is_first_in_hour))
