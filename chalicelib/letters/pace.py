"""The pace of letters to one target: evenly spread over working hours, and at most `per_hour` in each hour.

A letter books a turn once and waits for it. Its item stores the turn, so a waiting letter has no message and delays no
other email. After a pause of all email, many turns have passed. So a letter is sent only if the hour still has room.
"""

from datetime import datetime
from math import ceil
from zlib import crc32

from chalicelib.aws.table import Attr, Change, Tables
from chalicelib.core import target_keys
from chalicelib.core.keys import Key
from chalicelib.core.times import iso
from chalicelib.letters.working_time import HOUR, MILLISECOND, WorkingTime
from chalicelib.mail.turns import Turns, book
from chalicelib.petitions.letter import Paced

HOUR_IN_MILLISECONDS = HOUR // MILLISECOND


def book_letter_turn(
    slug: str, target: str, letter: str, pace: Paced, booked_turn: str | None, now: datetime, tables: Tables
) -> datetime:
    """Return when the letter may be sent: `now`, or later. `booked_turn`: the turn that it booked before, if any.

    Needs one or two writes for the turn, and one or two more for the place in the hour.
    """
    key, working = target_keys.target(slug, target), WorkingTime(pace.from_hour, pace.to_hour)
    if booked_turn is None:
        # Each pace has its own turns: turns booked at a slow pace must not delay letters at a fast pace.
        turns = target_keys.target(slug, target, f"{pace.per_hour} {pace.from_hour}-{pace.to_hour}")
        due = _next_turn(turns, pace, working, now, tables)
        if due > now:
            return due
    if working.is_open(now) and _has_room(key, pace.per_hour, now, tables):
        return now
    # Try again in the next hour of working time, at a moment that depends on the letter.
    delay = 1 + crc32(letter.encode()) % HOUR_IN_MILLISECONDS
    return working.moment_at(working.position(now) + delay)


def _next_turn(key: Key, pace: Paced, working: WorkingTime, now: datetime, tables: Tables) -> datetime:
    position = working.position(now)
    step = ceil(HOUR_IN_MILLISECONDS / pace.per_hour)  # Rounded up, so that an hour never gets one letter more.
    return max(now, working.moment_at(position + book(Turns(key, step), position, tables)))


def _has_room(key: Key, per_hour: int, now: datetime, tables: Tables) -> bool:
    """Take a place in this hour, if there is one. If the sender then crashes, the place stays taken."""
    hour = iso(now)[:13]
    is_this_hour = Attr("hour").eq(hour)
    if tables.try_update(Change(key, add={"in_hour": 1}, when=is_this_hour & Attr("in_hour").lt(per_hour))):
        return True
    is_new = Attr("hour").not_exists() | Attr("hour").lt(hour)
    return tables.try_update(Change(key, assign={"hour": hour, "in_hour": 1}, when=is_new))
