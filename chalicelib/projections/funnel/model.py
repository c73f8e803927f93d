"""The funnel: how many signatures passed each stage, such as received or confirmed.

A day has one item of numbers for each of the 64 buckets over which a petition's signatures are spread.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum


class Stage(StrEnum):
    """A stage that a signature passes. A signature is counted when it passes the stage, and never subtracted."""

    RECEIVED = "received"
    MAILED = "mailed"
    CONFIRMED = "confirmed"
    BOUNCED = "bounced"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


# Numbers by name (see `name_of`).
Numbers = Counter[str]
# The name of a number begins with the first letter of its stage. So no two stages begin with the same letter.
_STAGE_BY_LETTER = {stage[0]: stage for stage in Stage}


def name_of(stage: Stage, at: datetime) -> str:
    """Return the name of a number in the day's item: r13 is received from 13:00 to 14:00."""
    return f"{stage[0]}{at:%H}"


def stage_of(name: str) -> Stage:
    return _STAGE_BY_LETTER[name[0]]


def hour_of(name: str, day: date) -> datetime:
    """Return the start of the hour of the number with this name: 13:00 for r13."""
    return datetime(day.year, day.month, day.day, int(name[1:]), tzinfo=UTC)


def numbers_of(item: Mapping[str, object]) -> Numbers:
    """Return the numbers of an item. Its other attributes, such as the key, are texts."""
    numbers: Numbers = Counter()
    for name, value in item.items():
        if isinstance(value, int):
            numbers[name] = value
    return numbers
