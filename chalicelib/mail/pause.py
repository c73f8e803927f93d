"""Pause all sending when SES refuses more; it resumes without help.

When the daily quota is used up, SES refuses every email. Trying each of a million messages would use up their
receives and send nothing. So the first refusal is stored, every sender reads it first, and `watch` disables the
event sources.
"""

from datetime import datetime, timedelta

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.times import iso

# SES's quota is a sliding window of 24 hours, so it returns gradually. One attempt an hour is enough to notice.
PAUSE = timedelta(hours=1)


def pause_mail(now: datetime, tables: Tables, duration: timedelta = PAUSE) -> datetime:
    """Return when the pause ends. A later refusal extends it. Idempotent."""
    until = now + duration
    tables.put(keys.mail_pause(), {"until": iso(until)})
    return until


def resume_mail(now: datetime, tables: Tables) -> None:
    tables.put(keys.mail_pause(), {"until": iso(now)})


def is_paused(now: datetime, tables: Tables) -> bool:
    return paused_until(now, tables) is not None


def paused_until(now: datetime, tables: Tables) -> datetime | None:
    item = tables.get(keys.mail_pause())
    return datetime.fromisoformat(item["until"]) if item is not None and str(item["until"]) > iso(now) else None
