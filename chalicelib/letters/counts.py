"""How many letters to which target are requested, sent, failed, unknown or dropped: exactly, and by day.

A letter's shard never changes. All changes of a letter on one day are in one item, which is read at one moment. So a
letter that counts as sent always counts as requested too.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from zlib import crc32

from chalicelib.aws.table import Change, Item, Tables
from chalicelib.core import keys, target_keys
from chalicelib.mail.counted import REQUESTED
from chalicelib.mail.deliveries import DeliveryOutcome

# Transactions on one item conflict. A letter's takes about 20 ms, so 32 items take hundreds of letters a second.
SHARDS = 32
# The shard of digests. A digest changes many letters at once, and their requests may be in any shard. So this shard is
# read first (`letter_counts`).
DIGEST_SHARD = 0


@dataclass(frozen=True)
class LetterNumbers:
    """`waiting` letters are neither sent nor settled in another way. `dropped` ones are never sent, on purpose."""

    requested: int = 0
    sent: int = 0
    failed: int = 0
    unknown: int = 0
    dropped: int = 0

    @property
    def waiting(self) -> int:
        return self.requested - self.sent - self.failed - self.unknown - self.dropped


_NAMES = (REQUESTED, *(outcome for outcome in DeliveryOutcome if outcome is not DeliveryOutcome.WAITING))
Days = Mapping[date, LetterNumbers]


def count_change(slug: str, target: str, shard: int, day: date, numbers: Mapping[str, int]) -> Change:
    """Return the change that adds the numbers. Use it only in a transaction whose other change can happen only once."""
    return Change(target_keys.letter_count(slug, shard, target, day), add=numbers)


def shard_of(signature_id: str) -> int:
    """Return the shard that counts the letters of this signature."""
    return crc32(signature_id.encode()) % SHARDS


def letter_counts(slug: str, tables: Tables) -> dict[str, Days]:
    """Return the numbers of each target that has any letter, by the day (UTC) of each change.

    32 consistent queries: a read unit for each 4 KB, about 40 items. The shard of digests is read first: a
    digest's letters were requested long before it is sent, so `waiting` is never negative.
    """
    sums: dict[tuple[str, date], Counter[str]] = defaultdict(Counter)
    for shard in range(SHARDS):
        for item in tables.query(keys.COUNTS, target_keys.letter_counts(slug, shard), consistent=True):
            target, _, day = item["sk"].partition("#")
            sums[target, date.fromisoformat(day)].update(_numbers(item))
    days: dict[str, dict[date, LetterNumbers]] = defaultdict(dict)
    for target, day in sorted(sums):
        days[target][day] = LetterNumbers(**sums[target, day])
    return dict(days)


def total(numbers: Iterable[LetterNumbers]) -> LetterNumbers:
    addends = list(numbers)
    return LetterNumbers(**{name: sum(getattr(addend, name) for addend in addends) for name in _NAMES})


def _numbers(item: Item) -> dict[str, int]:
    return {name: item[name] for name in _NAMES if name in item}
