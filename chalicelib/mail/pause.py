"""Pause all sending when SES refuses more email. Sending resumes by itself.

When the daily quota is used up, SES refuses every email. SQS delivers each message only a limited number of times. If
the senders tried a million messages now, they would send nothing, and the messages would become dead letters. So a
sender whose email is refused stores a pause. Every sender reads the pause before it sends, and the watch (watch.py)
switches the senders off.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from chalicelib.aws.table import Change, Tables, absent_or_at_most
from chalicelib.core import mail_keys
from chalicelib.core.times import iso

# SES's quota counts the last 24 hours, so it becomes free gradually. One attempt an hour is enough to notice this.
PAUSE = timedelta(hours=1)


class Pause(NamedTuple):
    """`by_engineer`: an engineer paused sending. Otherwise SES refused an email."""

    until: datetime
    by_engineer: bool


def pause_mail(now: datetime, tables: Tables, duration: timedelta = PAUSE, *, by_engineer: bool = False) -> datetime:
    """Pause all email for `duration` from now, and return when this pause ends.

    An engineer's pause replaces any other. After a refusal by SES, a pause that is in force stays as it is: otherwise a
    sender that has just read "no pause" could replace an engineer's pause of days by one of an hour.
    """
    until = now + duration
    when = None if by_engineer else absent_or_at_most("until", iso(now))
    tables.try_update(
        Change(mail_keys.mail_pause(), assign={"until": iso(until), "by_engineer": by_engineer}, when=when)
    )
    return until


def resume_mail(now: datetime, tables: Tables) -> None:
    """End the pause. The stored end is a day ago, because the engineer's clock may be fast."""
    tables.put(mail_keys.mail_pause(), {"until": iso(now - timedelta(days=1))})


def is_paused(now: datetime, tables: Tables) -> bool:
    return current_pause(now, tables) is not None


def current_pause(now: datetime, tables: Tables) -> Pause | None:
    item = tables.get(mail_keys.mail_pause())
    if item is None or str(item["until"]) <= iso(now):
        return None
    return Pause(datetime.fromisoformat(item["until"]), bool(item.get("by_engineer")))
