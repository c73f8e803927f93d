"""What happens to signatures between signing and counting, hour by hour; confirmations every ten minutes."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum


class Stage(StrEnum):
    """What a signature passes. Each is counted when it happens, and never taken back."""

    RECEIVED = "received"
    MAILED = "mailed"
    CONFIRMED = "confirmed"
    BOUNCED = "bounced"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


# Only confirmations are kept finer than by the hour: a peak is read from them, and an item must stay small.
SLOT_MINUTES = 10
# By the names of name_of.
Numbers = Counter[str]
_STAGE = {stage[0]: stage for stage in Stage}


def name_of(stage: Stage, at: datetime) -> str:
    """The number of a day's item that it is counted in: r13, or c134 for a confirmation from 13:40 to 13:50."""
    slot = str(at.minute // SLOT_MINUTES) if stage is Stage.CONFIRMED else ""
    return f"{stage[0]}{at:%H}{slot}"


def stage_of(name: str) -> Stage:
    return _STAGE[name[0]]


def begins(name: str, day: date) -> datetime:
    """From when a number of that day counts."""
    return datetime(day.year, day.month, day.day, int(name[1:3]), int(name[3:] or 0) * SLOT_MINUTES, tzinfo=UTC)


def numbers_of(item: Mapping[str, object]) -> Numbers:
    """What was counted, out of an item that also says where it lies and how far it has followed."""
    return Counter({name: number for name, number in item.items() if isinstance(number, int)})
