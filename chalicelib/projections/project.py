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
    def padded_sequence(self) -> str:
        return self.sequence.zfill(SEQUENCE_DIGITS)


def project(increments: Iterable[Increment], tables: Tables) -> None:
    """Add the increments; skip zeros. Idempotent. On an exception, the stream delivers the whole batch again."""
    counters: dict[Key, dict[str, Increment]] = defaultdict(dict)
    for increment in increments:
        if any(increment.numbers.values()):
            counters[increment.counter][increment.padded_sequence] = increment
    for by_sequence in counters.values():
        _add(list(by_sequence.values()), tables)


def _add(increments: Sequence[Increment], tables: Tables) -> None:
    """Add the increments of one counter in one write. If some were added before, add only the others."""
    numbers: Counter[str] = Counter()
    for increment in increments:
        numbers.update(increment.numbers)
    sequences = [increment.padded_sequence for increment in increments]
    try:
        store.add_projected(increments[0].counter, numbers, sequences, tables)
    except ConditionFailed as failure:
        projected_to = failure.item["projected_to"] if failure.item else ""
        new = [increment for increment in increments if increment.padded_sequence > projected_to]
        if new and len(new) < len(increments):
            _add(new, tables)
        elif new:
            raise
