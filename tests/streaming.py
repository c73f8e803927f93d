"""Tables in memory whose signatures have a stream, as DynamoDB's would be."""

import copy
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from chalicelib.aws.table import Change, Item, NewItem
from chalicelib.core import keys
from chalicelib.core.keys import Key
from tests.actors import NOW
from tests.fakes import FakeTables

Image = dict[str, Any] | None
# Sequence number, item before, item after.
Record = tuple[str, Image, Image]


class Streaming(FakeTables):
    """Remembers every change of a signature in order."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[Record] = []
        self.clock: Callable[[], datetime] = lambda: NOW
        # When each record was written, by its sequence number.
        self.moments: dict[str, datetime] = {}

    def expire(self, key: Key) -> None:
        """As TTL would, whose deletions are in the stream too."""
        self._note(key, self.items.pop(key))

    def _write(self, writes: Sequence[Change | NewItem]) -> None:
        before = {write.key: copy.deepcopy(self.items.get(write.key)) for write in writes}
        super()._write(writes)
        for key, old in before.items():
            self._note(key, old)

    def _note(self, key: Key, old: Item | None) -> None:
        new = copy.deepcopy(self.items.get(key))
        if key.table == keys.SIGNATURES and new != old:
            self.log.append((str(len(self.log) + 1), old, new))
            self.moments[self.log[-1][0]] = self.clock()
