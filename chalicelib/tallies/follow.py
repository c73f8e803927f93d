"""Follow the signatures' stream to know how many are pending, without a write on the way of a signature.

The stream delivers at least once. Changes of one item, and so of one bucket, arrive in the order of their
sequence numbers; each bucket's counter remembers the last number it took in, in the same update.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chalicelib.aws.table import Tables
from chalicelib.errors import ConditionFailed
from chalicelib.tallies import store

# DynamoDB's sequence numbers are digits of varying length; padded, they compare as text.
SEQUENCE_DIGITS = 40


@dataclass(frozen=True)
class Followed:
    """One change of a signature: pending now (+1), no longer (-1), or neither (0)."""

    slug: str
    bucket: str
    sequence: str
    pending: int

    @property
    def order(self) -> str:
        return self.sequence.zfill(SEQUENCE_DIGITS)


def follow(changes: Iterable[Followed], tables: Tables) -> None:
    """Idempotent; a failure passes through and the whole batch comes again."""
    buckets: dict[tuple[str, str], list[Followed]] = defaultdict(list)
    for change in changes:
        buckets[change.slug, change.bucket].append(change)
    for in_bucket in buckets.values():
        _add(list({change.order: change for change in in_bucket}.values()), tables)


def _add(changes: Sequence[Followed], tables: Tables) -> None:
    first = changes[0]
    amount = sum(change.pending for change in changes)
    try:
        store.add_pending(first.slug, first.bucket, amount, [change.order for change in changes], tables)
    except ConditionFailed as failure:
        followed = failure.item["followed"] if failure.item else ""
        unseen = [change for change in changes if change.order > followed]
        if unseen and len(unseen) < len(changes):
            _add(unseen, tables)
        elif unseen:
            raise
