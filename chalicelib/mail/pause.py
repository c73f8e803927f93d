"""SES takes no more for now: the whole sender pauses, and goes on by itself.

Refused for its daily quota, a mail is refused for all: trying each of a million would burn each one's receives
and send none. So the first refusal is written down, every sender reads it first, and the taps are shut (`watch`).
"""

from datetime import datetime, timedelta

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.times import iso

# SES's quota is a window of 24 hours that slides: it comes back bit by bit, and one mail an hour finds out.
PAUSE = timedelta(hours=1)


def pause_mail(now: datetime, tables: Tables, lasts: timedelta = PAUSE) -> datetime:
    """Until when. A later refusal prolongs it; writing it twice is writing it once."""
    until = now + lasts
    tables.put(keys.mail_pause(), {"until": iso(until)})
    return until


def resume_mail(now: datetime, tables: Tables) -> None:
    tables.put(keys.mail_pause(), {"until": iso(now)})


def is_paused(now: datetime, tables: Tables) -> bool:
    return paused_until(now, tables) is not None


def paused_until(now: datetime, tables: Tables) -> datetime | None:
    item = tables.get(keys.mail_pause())
    return datetime.fromisoformat(item["until"]) if item is not None and str(item["until"]) > iso(now) else None
