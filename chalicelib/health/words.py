"""How the site is, in words for somebody who runs a campaign: what it means, and what to do, if anything."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.core.times import iso
from chalicelib.shedding.level import Level

# Shorter waits than this nobody notices.
LONG = timedelta(minutes=15)
TOO_LONG = timedelta(days=1)
NOTHING = "Nothing needs to be done."


class Health(StrEnum):
    """From good to bad, in this order."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True)
class Correction:
    """An engineer put the count of a petition right, by so much."""

    title: str
    at: datetime
    amount: int


@dataclass(frozen=True)
class Facts:
    """What was found. Mails wait in either queue; `pace` is mails a second."""

    mail_waiting: int
    pace: float
    paused_until: datetime | None
    overflow_waiting: int
    shed: Level
    corrections: Sequence[Correction] = ()


@dataclass(frozen=True)
class Message:
    level: Health
    text: str


def messages(facts: Facts) -> list[Message]:
    """The worst first; when there is nothing to say, that all is well."""
    said = [*_of_mail(facts), *_of_overflow(facts), *_of_shedding(facts), *map(_of_correction, facts.corrections)]
    ranked = sorted(said, key=lambda message: -list(Health).index(message.level))
    return ranked or [Message(Health.GOOD, f"Everything works. {NOTHING}")]


def worst(said: Sequence[Message]) -> Health:
    return max((message.level for message in said), key=list(Health).index)


def _of_mail(facts: Facts) -> Iterator[Message]:
    lasts = timedelta(seconds=facts.mail_waiting / facts.pace)
    if facts.paused_until:
        yield Message(Health.WARNING, _paused(facts, facts.paused_until))
    if lasts >= TOO_LONG:
        text = (
            f"{facts.mail_waiting:,} mails wait, which takes {_roughly(lasts)} at our pace. None is lost. "
            "Ask your engineer to have the mail service's limits raised, and tell people that the mail will take long."
        )
        yield Message(Health.BAD, text)
    elif lasts >= LONG:
        text = f"{facts.mail_waiting:,} mails wait, which takes {_roughly(lasts)}. None is lost. {NOTHING}"
        yield Message(Health.WARNING, text)


def _paused(facts: Facts, until: datetime) -> str:
    return (
        f"The mail service takes no more mail for now. Sending is tried again at {iso(until)[11:16]} UTC and goes on "
        f"by itself; {facts.mail_waiting:,} mails wait and none is lost. If this comes every day, ask your engineer to "
        "have the daily limit raised."
    )


def _of_overflow(facts: Facts) -> Iterator[Message]:
    if facts.overflow_waiting:
        text = (
            f"{facts.overflow_waiting:,} signatures are safe but not filed yet, and their mails come after that. "
            "Nothing needs to be done, unless this number does not fall within an hour: then call your engineer."
        )
        yield Message(Health.WARNING, text)


def _of_shedding(facts: Facts) -> Iterator[Message]:
    if facts.shed is not Level.NORMAL:
        yield Message(Health.WARNING, f"An engineer has lightened the load for a crowd: {MEANS[facts.shed]} {NOTHING}")


MEANS = {
    Level.LONGER_CACHES: "the number on public pages may be half a minute old.",
    Level.SNAPSHOT_ONLY: "the number on public pages stands still. The numbers for staff are exact.",
    Level.ACCEPT_ONLY: "signatures are taken and filed later, and public numbers stand still.",
}


def _of_correction(correction: Correction) -> Message:
    text = (
        f"The count of “{correction.title}” was corrected by {correction.amount:+,} at {iso(correction.at)}. It is "
        "right now. If you quoted a number before that, or froze one, say so."
    )
    return Message(Health.WARNING, text)


def _roughly(lasts: timedelta) -> str:
    """In the largest unit of which there are two."""
    for name, unit in (("days", timedelta(days=1)), ("hours", timedelta(hours=1))):
        if lasts >= 2 * unit:
            return f"about {round(lasts / unit)} {name}"
    return f"about {round(lasts / timedelta(minutes=1))} minutes"
