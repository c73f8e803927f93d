"""The exact numbers of letters to each target by day: requested, sent, failed, unknown and dropped.

The numbers of a day are spread over several items (shards), because transactions on one item conflict. A letter that
is sent singly keeps its shard. So if it is requested and sent on one day, one item counts both. An item is read at one
moment, so a letter that is counted as sent is also counted as requested. A digest is one email to a target
about many letters: DIGEST_SHARD counts their outcomes.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from zlib import crc32

from chalicelib.aws.table import Change, Item, Tables
from chalicelib.core import keys, letter_keys
from chalicelib.mail.counted import REQUESTED
from chalicelib.mail.deliveries import DeliveryOutcome

# The transaction of a letter takes about 20 ms, so 32 items can count hundreds of letters a second.
SHARDS = 32
# The shard that counts the outcomes of digests, also for letters whose requests are counted in other shards. So
# `letter_counts` reads this shard first.
DIGEST_SHARD = 0


@dataclass(frozen=True)
class LetterNumbers:
    """Numbers of letters. `waiting`: still to be sent. `dropped`: never sent, on purpose."""

    requested: int = 0
    sent: int = 0
    failed: int = 0
    unknown: int = 0
    dropped: int = 0

    @property
    def waiting(self) -> int:
        return self.requested - self.sent - self.failed - self.unknown - self.dropped


_NAMES = (REQUESTED, *(outcome for outcome in DeliveryOutcome if outcome is not DeliveryOutcome.WAITING))
NumbersByDay = Mapping[date, LetterNumbers]


def count_change(slug: str, target: str, shard: int, day: date, numbers: Mapping[str, int]) -> Change:
    """Return the change that adds the numbers to the target's counter of this day.

    Use it only in a transaction with another change that can happen only once: otherwise a retry counts twice.
    """
    return Change(letter_keys.letter_count(slug, shard, target, day), add=numbers)


def shard_of(signature_id: str) -> int:
    """Return the shard that counts the letters of this signature."""
    return crc32(signature_id.encode()) % SHARDS


def letter_counts(slug: str, tables: Tables) -> dict[str, NumbersByDay]:
    """Return the numbers of letters by target and day (UTC). Targets without letters are missing.

    The 32 consistent queries cost one read unit for each 4 KB (about 40 items). The first query reads DIGEST_SHARD (0),
    which counts the outcomes of digests. Each letter was counted as requested before its digest had an outcome. So the
    later queries find the requests of all these letters, and `waiting` is never negative.
    """
    sums: dict[tuple[str, date], Counter[str]] = defaultdict(Counter)
    for shard in range(SHARDS):
        for item in tables.query(keys.COUNTS, letter_keys.letter_counts_partition(slug, shard), consistent=True):
            target, _, day = item["sk"].partition("#")
            sums[target, date.fromisoformat(day)].update(_numbers(item))
    days: dict[str, dict[date, LetterNumbers]] = defaultdict(dict)
    for target, day in sorted(sums):
        days[target][day] = LetterNumbers(**sums[target, day])
    return dict(days)


def total(numbers: Iterable[LetterNumbers]) -> LetterNumbers:
    addends = list(numbers)
    sums = {name: sum(getattr(addend, name) for addend in addends) for name in _NAMES}
    return LetterNumbers(**sums)


def _numbers(item: Item) -> dict[str, int]:
    return {name: item[name] for name in _NAMES if name in item}
