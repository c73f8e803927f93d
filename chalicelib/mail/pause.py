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
    """`is_by_engineer`: an engineer paused sending. Otherwise SES refused an email."""

    until: datetime
    is_by_engineer: bool


def pause_mail(now: datetime, duration: timedelta, tables: Tables) -> datetime:
    """Pause all email for `duration`, because an engineer asks for it. Replace any other pause. Return the end."""
    until = now + duration
    pause = {"until": iso(until), "by_engineer": True}
    tables.update(Change(mail_keys.mail_pause(), assign=pause))
    return until


def pause_after_refusal(now: datetime, tables: Tables) -> None:
    """Pause all email for PAUSE from now, because SES refused an email. A pause that is in force stays as it is.

    Otherwise a sender that has just read "no pause" could replace an engineer's pause of days by one of an hour.
    """
    pause = {"until": iso(now + PAUSE), "by_engineer": False}
    is_not_paused = absent_or_at_most("until", iso(now))
    tables.try_update(Change(mail_keys.mail_pause(), assign=pause, when=is_not_paused))


def resume_mail(now: datetime, tables: Tables) -> None:
    """End the pause. Store an end that is a day ago, because the engineer's clock may be ahead."""
    a_day_ago = now - timedelta(days=1)
    tables.put(mail_keys.mail_pause(), {"until": iso(a_day_ago)})


def is_paused(now: datetime, tables: Tables) -> bool:
    return current_pause(now, tables) is not None


def current_pause(now: datetime, tables: Tables) -> Pause | None:
    """Return the pause that is in force, or None if email is not paused."""
    item = tables.get(mail_keys.mail_pause())
    if item is None or str(item["until"]) <= iso(now):
        return None
    until = datetime.fromisoformat(item["until"])
    return Pause(until, is_by_engineer=bool(item.get("by_engineer")))
