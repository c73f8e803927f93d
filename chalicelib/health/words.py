"""The site's health in words for campaign staff: what the facts mean, and what to do.

`make ready` stores its result for the staff page, whose function has no right to read the account's limits.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import starmap
from typing import NamedTuple

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.times import iso
from chalicelib.mail.sending import Pause
from chalicelib.shedding.level import Level
from chalicelib.updates.model import Update

# The limits may have changed since an older result.
SHOWN_FOR = timedelta(days=7)


class Readiness(NamedTuple):
    """The result. `text` is one or two sentences for staff."""

    is_ready: bool
    text: str
    checked_at: datetime


def store_readiness(readiness: Readiness, tables: Tables) -> None:
    stored = {"is_ready": readiness.is_ready, "text": readiness.text, "checked_at": iso(readiness.checked_at)}
    tables.put(keys.readiness(), stored)


def latest_readiness(now: datetime, tables: Tables) -> Readiness | None:
    """Return None if no result is stored, or if it is older than SHOWN_FOR."""
    item = tables.get(keys.readiness())
    if item is None or item["checked_at"] < iso(now - SHOWN_FOR):
        return None
    checked_at = datetime.fromisoformat(item["checked_at"])
    return Readiness(item["is_ready"], item["text"], checked_at)


# A mail backlog that takes this long to send is a warning.
LONG_BACKLOG = timedelta(minutes=15)
TOO_LONG_BACKLOG = timedelta(days=1)
NO_ACTION = "Nothing needs to be done."


class Health(StrEnum):
    """In order from good to bad."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True)
class Correction:
    title: str
    at: datetime
    amount: int


class PausedUpdate(NamedTuple):
    title: str
    update: Update


@dataclass(frozen=True)
class HealthFacts:
    """`overflow_waiting`: signatures that are accepted but not stored yet.

    `days_refused`: days that DynamoDB refuses to close. `is_quota_reserved`: SES's quota is only for confirmations.
    """

    mail_waiting: int
    emails_per_second: float
    pause: Pause | None
    overflow_waiting: int
    load_shedding: Level
    corrections: Sequence[Correction] = ()
    days_refused: Sequence[tuple[str, date]] = ()
    readiness: Readiness | None = None
    is_quota_reserved: bool = False
    paused_updates: Sequence[PausedUpdate] = ()


class Message(NamedTuple):
    """`path`: of the page of the dashboard where staff decide."""

    level: Health
    text: str
    path: str | None = None


def messages(facts: HealthFacts) -> list[Message]:
    problems = [
        *_mail_messages(facts),
        *_overflow_messages(facts),
        *_shedding_messages(facts),
        *map(_correction_message, facts.corrections),
        *starmap(_refused_message, facts.days_refused),
        *starmap(_paused_message, facts.paused_updates),
    ]
    # Readiness is about an expected crowd, so it may be a warning while everything works now.
    readiness = list(_readiness_messages(facts.readiness))
    is_ready = all(message.level is Health.GOOD for message in readiness)
    all_well = f"Everything works. {NO_ACTION}" if is_ready else "Everything works at the moment."
    current = problems or [Message(Health.GOOD, all_well)]
    return sorted([*current, *readiness], key=_badness, reverse=True)


def worst_level(shown: Sequence[Message]) -> Health:
    worst = max(shown, key=_badness)
    return worst.level


def _badness(message: Message) -> int:
    from_good_to_bad = list(Health)
    return from_good_to_bad.index(message.level)


def _mail_messages(facts: HealthFacts) -> Iterator[Message]:
    duration = timedelta(seconds=facts.mail_waiting / facts.emails_per_second)
    backlog = f"{facts.mail_waiting:,} emails are waiting. Sending them takes {_in_words(duration)}. No email is lost."
    if facts.pause:
        yield Message(Health.WARNING, _pause_text(facts, facts.pause))
    elif facts.is_quota_reserved:  # During a pause, no email is sent at all, so the pause's message is enough.
        text = (
            "Most of today's limit of the email service is used. The rest is for people who sign. Updates, letters and "
            f"other emails wait, and go on by themselves within a day. No email is lost. {NO_ACTION}"
        )
        yield Message(Health.WARNING, text)
    if duration >= TOO_LONG_BACKLOG:
        text = (
            f"{backlog} Ask your engineer to get a higher sending limit. "
            "Tell people that their email will take a long time."
        )
        yield Message(Health.BAD, text)
    elif duration >= LONG_BACKLOG:
        yield Message(Health.WARNING, f"{backlog} {NO_ACTION}")


def _pause_text(facts: HealthFacts, pause: Pause) -> str:
    until = f"{pause.until:%-d %B at %H:%M} UTC"
    if pause.is_by_engineer:
        return (
            f"An engineer has paused all email until {until}. {facts.mail_waiting:,} emails are waiting. No email is "
            f"lost. {NO_ACTION}"
        )
    return (
        f"The email service has reached its limit. We will try again on {until}. {facts.mail_waiting:,} emails are "
        "waiting. No email is lost. If this happens every day, ask your engineer to get a higher daily limit."
    )


def _overflow_messages(facts: HealthFacts) -> Iterator[Message]:
    if facts.overflow_waiting:
        text = (
            f"{facts.overflow_waiting:,} signatures are safe but not yet processed. We send their emails after that. "
            "If this number does not fall within an hour, call your engineer."
        )
        yield Message(Health.WARNING, text)


def _shedding_messages(facts: HealthFacts) -> Iterator[Message]:
    if facts.load_shedding is not Level.NORMAL:
        text = f"An engineer has reduced the load on the site: {LOAD_TEXTS[facts.load_shedding]} {NO_ACTION}"
        yield Message(Health.WARNING, text)


LOAD_TEXTS = {
    Level.LONGER_CACHES: "the count on public pages may be half a minute old.",
    Level.SNAPSHOT_ONLY: "the count on public pages does not change. The counts for staff are exact.",
    Level.ACCEPT_ONLY: "new signatures are safe but processed later, and the count on public pages does not change.",
}


def _readiness_messages(readiness: Readiness | None) -> Iterator[Message]:
    if readiness:
        level = Health.GOOD if readiness.is_ready else Health.WARNING
        yield Message(level, f"{readiness.text} Checked on {readiness.checked_at:%-d %B at %H:%M} UTC.")


def _correction_message(correction: Correction) -> Message:
    text = (
        f"The count of “{correction.title}” was corrected by {correction.amount:+,} at {iso(correction.at)}. It is now "
        "correct. If you quoted or froze an earlier number, publish a correction."
    )
    return Message(Health.WARNING, text)


def _refused_message(title: str, day: date) -> Message:
    text = (
        f"The count of “{title}” is right, but the numbers of {day:%-d %B} cannot be put together. "
        "So counting takes longer each day. Tell your engineer."
    )
    return Message(Health.WARNING, text)


def _paused_message(title: str, update: Update) -> Message:
    text = f"The update “{update.title}” of “{title}” has paused. {update.why} Decide whether it continues."
    return Message(Health.WARNING, text, f"/petitions/{update.slug}/updates/{update.update_id}")


def _in_words(duration: timedelta) -> str:
    """In days or in hours if there are at least two, else in minutes: "about 90 minutes"."""
    for name, unit in (("days", timedelta(days=1)), ("hours", timedelta(hours=1))):
        if duration >= 2 * unit:
            return f"about {round(duration / unit)} {name}"
    return f"about {round(duration / timedelta(minutes=1))} minutes"
