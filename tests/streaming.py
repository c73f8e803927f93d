"""In-memory tables with a stream of signature changes, as in DynamoDB."""

import copy
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from chalicelib.aws.table import Change, Item, NewItem
from chalicelib.core import keys
from chalicelib.core.keys import Key
from chalicelib.projections.changes import Increment
from chalicelib.tallies.model import PENDING
from tests.actors import NOW
from tests.fakes import FakeTables

Image = dict[str, Any] | None
# Sequence number, item before, item after. The number is also a position in the stream: it sorts like a text.
Record = tuple[str, Image, Image]


class Streaming(FakeTables):
    """Tables that record every change of a signature in `log`, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[Record] = []
        self.clock: Callable[[], datetime] = lambda: NOW
        self.times_by_sequence: dict[str, datetime] = {}

    def expire(self, key: Key) -> None:
        """Delete an item as TTL does. The stream includes the deletion."""
        self._record(key, self.items.pop(key))

    def _write(self, writes: Sequence[Change | NewItem]) -> None:
        # A write replaces the item, so the old item needs no copy.
        before = {write.key: self.items.get(write.key) for write in writes}
        super()._write(writes)
        for key, old in before.items():
            self._record(key, old)

    def _record(self, key: Key, old: Item | None) -> None:
        new = self.items.get(key)
        if key.table == keys.SIGNATURES and new != old:
            self.log.append((f"{len(self.log) + 1:021}", old, copy.deepcopy(new)))
            self.times_by_sequence[self.log[-1][0]] = self.clock()


def pending(slug: str, bucket: str, position: str, amount: int) -> Increment:
    """Return an increment of a bucket's pending signatures."""
    return Increment(keys.current_numbers(slug, bucket), position, {PENDING: amount})
