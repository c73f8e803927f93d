"""Project the signatures' stream into counters (pending and more), so that signing needs no extra write.

The stream delivers at least once. Changes of one item, and so of one bucket, arrive in the order of their
sequence numbers. Each counter belongs to one bucket and stores the last sequence number in the same update.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.aws.table import Tables
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.keys import Key
from chalicelib.projections import store

# DynamoDB's sequence numbers vary in length. Padded with zeros, they compare as text.
SEQUENCE_DIGITS = 40


@dataclass(frozen=True)
class Increment:
    """What one change of a signature adds to one counter of its bucket."""

    counter: Key
    sequence: str
    numbers: Mapping[str, int]

    @property
    def order(self) -> str:
        return self.sequence.zfill(SEQUENCE_DIGITS)


def project(changes: Iterable[Increment], tables: Tables) -> None:
    """Add the increments; skip zeros. Idempotent. On an exception, the stream delivers the whole batch again."""
    counters: dict[Key, dict[str, Increment]] = defaultdict(dict)
    for change in changes:
        if any(change.numbers.values()):
            counters[change.counter][change.order] = change
    for by_order in counters.values():
        _add(list(by_order.values()), tables)


def _add(changes: Sequence[Increment], tables: Tables) -> None:
    """Add the changes of one counter in one write. If some were added before, add the others only."""
    numbers: Counter[str] = Counter()
    for change in changes:
        numbers.update(change.numbers)
    try:
        store.add_projected(changes[0].counter, numbers, [change.order for change in changes], tables)
    except ConditionFailed as failure:
        projected_to = failure.item["projected_to"] if failure.item else ""
        new = [change for change in changes if change.order > projected_to]
        if new and len(new) < len(changes):
            _add(new, tables)
        elif new:
            raise
