"""In-memory fakes of tables, queues and buckets. The suites in tests/stores run on FakeTables and on the emulator."""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NoReturn

from boto3.dynamodb.conditions import ConditionBase

from chalicelib.aws.bucket import Bucket
from chalicelib.aws.expressions import chunks, to_wire
from chalicelib.aws.queue import Outgoing, Queue, Source
from chalicelib.aws.table import BATCH_GET_LIMIT, Change, Item, NewItem, Tables
from chalicelib.core.errors import ConditionFailed, Throttled, UnknownThing
from chalicelib.core.keys import Key
from tests.conditions import apply_change, as_stored, copy_item, holds


def throttle(*_: object, **__: object) -> NoReturn:
    """Stand in for a call that fails."""
    raise Throttled("storage")


class FakeTables(Tables):
    """Tables in memory. `calls`: the names of all calls so far. `fail_next(error)` makes the next call fail."""

    def __init__(self) -> None:
        self.items: dict[Key, Item] = {}
        self.calls: list[str] = []
        self._failures: list[Exception] = []
        self._lock = threading.Lock()

    def fail_next(self, *errors: Exception) -> None:
        self._failures += errors

    def get(self, key: Key, *, consistent: bool = False) -> Item | None:
        self._called("get")
        return copy_item(self.items[key]) if key in self.items else None

    def batch_get(self, wanted: Sequence[Key], *, consistent: bool = False) -> list[Item]:
        for _ in chunks(wanted, BATCH_GET_LIMIT):
            self._called("batch_get")
        return [copy_item(self.items[key]) for key in wanted if key in self.items]

    def query(
        self,
        table: str,
        pk: str,
        between: tuple[str, str] | None = None,
        *,
        consistent: bool = False,
        only: Sequence[str] = (),
        backwards: bool = False,
    ) -> Iterator[Item]:
        self._called("query")
        low, high = between or ("", "\U0010ffff")
        if low > high:
            raise ValueError("DynamoDB refuses a BETWEEN whose lower bound is above its upper bound")
        found = [key for key in self._partition(table, pk) if low <= key.sk <= high]
        found.sort(reverse=backwards)
        return iter([copy_item(self.items[key], only) for key in found])

    def page(self, start: Key, names: Sequence[str], when: ConditionBase, most: int) -> tuple[list[Item], str | None]:
        self._called("page")
        after_start = sorted(key for key in self._partition(start.table, start.pk) if key.sk > start.sk)
        page = after_start[:most]
        items = [self.items[key] for key in page]
        found = [copy_item(item, names) for item in items if holds(when, item)]
        last = page[-1].sk if len(page) == most else None
        return found, last

    def count(self, table: str, pk: str, when: ConditionBase) -> int:
        self._called("count")
        return sum(holds(when, self.items[key]) for key in self._partition(table, pk))

    def put(self, key: Key, item: Mapping[str, Any]) -> None:
        self._called("put")
        self.items[key] = as_stored(key, item)

    def put_new(self, new: NewItem) -> None:
        self._called("put_new")
        with self._lock:
            self._write([new])

    def _update(self, change: Change, returns: Mapping[str, str]) -> Any:
        """Like the real method, return only what `returns` requests."""
        self._called("update")
        try:
            with self._lock:
                self._write([change])
        except ConditionFailed as failure:
            omits_item = returns.get("ReturnValuesOnConditionCheckFailure") == "NONE"
            raise ConditionFailed(None if omits_item else failure.item) from None
        if returns["ReturnValues"] != "ALL_NEW":
            return {}
        return {"Attributes": to_wire(self.items[change.key])}

    def transact(self, writes: Sequence[Change | NewItem]) -> None:
        self._called("transact")
        with self._lock:
            self._write(writes)

    def check(self) -> None:
        self._called("check")

    def _partition(self, table: str, pk: str) -> list[Key]:
        """Return the keys of the partition, unsorted."""
        return [key for key in self.items if key[:2] == (table, pk)]

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if self._failures:
            raise self._failures.pop(0)

    def _write(self, writes: Sequence[Change | NewItem]) -> None:
        for index, write in enumerate(writes):
            found = self.items.get(write.key)
            if not _is_met(write, found):
                raise ConditionFailed(found and copy_item(found), index)
        for write in writes:
            if isinstance(write, NewItem):
                self.items[write.key] = as_stored(write.key, write.item)
            else:
                stored = self.items.get(write.key) or as_stored(write.key, {})
                self.items[write.key] = apply_change(write, stored)


def _is_met(write: Change | NewItem, stored: Item | None) -> bool:
    """Return whether the write's condition holds for the stored item."""
    if isinstance(write, NewItem):
        return stored is None
    return holds(write.when, stored)


class FakeQueue(Queue):
    """Messages are converted to JSON and back, as for SQS. `fail_next(error)` makes the next send fail."""

    def __init__(self) -> None:
        self.messages: list[Mapping[str, Any]] = []
        self.delays: list[int] = []
        self.waits: dict[str, int] = {}  # Seconds until a received message is delivered again, by receipt handle.
        self.delayed = 0  # A test sets how many of the messages are still delayed.
        self._failures: list[Exception] = []

    def fail_next(self, *errors: Exception) -> None:
        self._failures += errors

    def send(self, messages: Sequence[Outgoing]) -> None:
        if self._failures:
            raise self._failures.pop(0)
        self.messages += [json.loads(json.dumps(message.body)) for message in messages]
        self.delays += [message.delay for message in messages]

    def deliver_again_in(self, seconds: Mapping[str, int]) -> None:
        if self._failures:
            raise self._failures.pop(0)
        self.waits |= seconds

    def _count(self, *states: str) -> int:
        return len(self.messages) - (0 if "Delayed" in states else self.delayed)

    def check(self) -> None: ...


class FakeSource(Source):
    def __init__(self) -> None:
        self.is_open = True

    def switch(self, *, is_on: bool) -> bool:
        was_open, self.is_open = self.is_open, is_on
        return is_on is not was_open

    def is_off(self) -> bool:
        return not self.is_open


class FakeBucket(Bucket):
    """Objects by key. `fail_next(error)` makes the next call fail."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.types: dict[str, str] = {}
        self._failures: list[Exception] = []

    def fail_next(self, *errors: Exception) -> None:
        self._failures += errors

    def put_file(self, key: str, path: Path, content_type: str) -> None:
        self._called()
        self.objects[key] = path.read_bytes()
        self.types[key] = content_type

    def copy_to(self, key: str, file: IO[bytes]) -> str:
        self._called()
        if key not in self.objects:
            raise UnknownThing("There is no such file.")
        file.write(self.objects[key])
        return str(hash(self.objects[key]))

    def upload_form(self, key: str, most: int, seconds: int) -> tuple[str, dict[str, str]]:
        return "https://files.invalid/", {"key": key, "most": str(most), "seconds": str(seconds)}

    def delete_under(self, prefix: str) -> None:
        self._called()
        self.objects = {key: value for key, value in self.objects.items() if not key.startswith(prefix)}

    def sizes_under(self, prefix: str) -> list[int]:
        self._called()
        return [len(value) for key, value in self.objects.items() if key.startswith(prefix)]

    def link(self, key: str, name: str, seconds: int) -> str:
        return f"https://files.invalid/{key}?name={name}&seconds={seconds}"

    def _called(self) -> None:
        if self._failures:
            raise self._failures.pop(0)
