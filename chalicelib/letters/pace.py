"""The pace of letters to one target: evenly spread over working hours, and never more than so many in an hour.

A letter books a turn once and waits for it. Its item stores the turn, so while it waits it has no message and delays no
other email. If email was stopped meanwhile, many turns have passed, so a letter is sent only if its hour has room.
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

IN_AN_HOUR = HOUR // MILLISECOND


def turn(
    slug: str, target: str, letter: str, pace: Paced, booked: str | None, now: datetime, tables: Tables
) -> datetime:
    """Return when the letter may be sent: `now`, or later. `booked`: the turn that it booked before, if any.

    One or two writes for each turn, and one or two more for its place in the hour.
    """
    key, working = target_keys.target(slug, target), WorkingTime(pace.from_hour, pace.to_hour)
    if booked is None:
        # Another pace has turns of its own: those that were booked at a slow one must not delay letters at a fast one.
        turns = target_keys.target(slug, target, f"{pace.per_hour} {pace.from_hour}-{pace.to_hour}")
        due = _next_turn(turns, pace, working, now, tables)
        if due > now:
            return due
    if working.is_open(now) and _has_room(key, pace.per_hour, now, tables):
        return now
    # In the next hour of working time, at a moment of its own.
    return working.moment(working.position(now) + 1 + crc32(letter.encode()) % IN_AN_HOUR)


def _next_turn(key: Key, pace: Paced, working: WorkingTime, now: datetime, tables: Tables) -> datetime:
    position = working.position(now)
    step = ceil(IN_AN_HOUR / pace.per_hour)  # Rounded up, so that an hour never gets one letter more.
    return max(now, working.moment(position + book(Turns(key, step), position, tables)))


def _has_room(key: Key, per_hour: int, now: datetime, tables: Tables) -> bool:
    """Take a place in this hour, if there is one. A sender that crashes after that has used it up."""
    hour = iso(now)[:13]
    is_this_hour = Attr("hour").eq(hour)
    if tables.try_update(Change(key, add={"in_hour": 1}, when=is_this_hour & Attr("in_hour").lt(per_hour))):
        return True
    is_new = Attr("hour").not_exists() | Attr("hour").lt(hour)
    return tables.try_update(Change(key, assign={"hour": hour, "in_hour": 1}, when=is_new))
