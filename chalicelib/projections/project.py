"""Follow the signatures' stream to know what is pending, and more, without a write on the way of a signature.

The stream delivers at least once. Changes of one item, and so of one bucket, arrive in the order of their
sequence numbers; each counter belongs to one bucket and remembers the last number it took in, in the same update.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.keys import Key
from chalicelib.projections import store
from chalicelib.tallies.model import PENDING

# DynamoDB's sequence numbers are digits of varying length; padded, they compare as text.
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


def pending(slug: str, bucket: str, sequence: str, amount: int) -> Increment:
    """One more (+1) who waits for a confirmation, or one less."""
    return Increment(keys.pending(slug, bucket), sequence, {PENDING: amount})


def project(changes: Iterable[Increment], tables: Tables) -> None:
    """Idempotent; a failure passes through and the whole batch comes again. What adds nothing is not written."""
    counters: dict[Key, dict[str, Increment]] = defaultdict(dict)
    for change in changes:
        if any(change.numbers.values()):
            counters[change.counter][change.order] = change
    for of_counter in counters.values():
        _add(list(of_counter.values()), tables)


def _add(changes: Sequence[Increment], tables: Tables) -> None:
    numbers: Counter[str] = Counter()
    for change in changes:
        numbers.update(change.numbers)
    try:
        store.add_projected(changes[0].counter, numbers, [change.order for change in changes], tables)
    except ConditionFailed as failure:
        seen = failure.item["projected_to"] if failure.item else ""
        unseen = [change for change in changes if change.order > seen]
        if unseen and len(unseen) < len(changes):
            _add(unseen, tables)
        elif unseen:
            raise
