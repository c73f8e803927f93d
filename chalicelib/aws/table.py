"""Read and write items of the DynamoDB tables. core/keys.py and each store.py define what an item means.

Reads are eventually consistent by default. If a condition fails, the error has the stored item, which saves a read.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cache
from random import uniform
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

from chalicelib.aws import clients
from chalicelib.aws.expressions import (
    Attr,
    Change,
    Condition,
    Item,
    NewItem,
    absent_or_at_most,
    change_request,
    chunks,
    from_wire,
    is_still,
    new_item_request,
    page_request,
    partition_request,
    to_wire,
    wire_key,
    write_request,
)
from chalicelib.aws.failures import TABLES, THROTTLES, code_of, counted, translate_errors
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed, Conflicted, PetitionsError, Throttled, Unavailable
from chalicelib.core.keys import Key
from chalicelib.core.settings import settings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


__all__ = ["Attr", "Change", "Condition", "Item", "NewItem", "Tables", "absent_or_at_most", "is_still", "tables"]

T = TypeVar("T")

BATCH_GET_LIMIT = 100
# In seconds: before keys that AWS left out are read again. Each wait is random, up to this limit.
BATCH_GET_WAITS = (0.05, 0.1, 0.2)
# Of one request, in seconds. `batch_get` and `query` may make several.
LONGEST_CALL = clients.longest_call(clients.CONFIG)
CONFLICTS = frozenset({"ReplicatedWriteConflictException", "TransactionConflictException"})


class Tables:
    """Every call may raise Throttled or Unavailable. After Unavailable, perhaps the write was done."""

    # The time, by AWS's clock, of the last answer to batch_get; None before it, or if that answer named no time.
    answered_at: datetime | None = None

    def __init__(self, client: "DynamoDBClient", names: Mapping[str, str]) -> None:
        self._client = client
        self._names = names

    def get(self, key: Key, *, consistent: bool = False) -> Item | None:
        table = self._names[key.table]
        with translate_errors(TABLES, storage_error):
            answer = self._client.get_item(TableName=table, Key=wire_key(key), ConsistentRead=consistent)
        return from_wire(answer["Item"]) if "Item" in answer else None

    def batch_get(self, wanted_keys: Sequence[Key], *, consistent: bool = False) -> list[Item]:
        """Return the items that exist, in any order. The keys must be of one table, and differ."""
        found: list[Item] = []
        for chunk in chunks(wanted_keys, BATCH_GET_LIMIT):
            found += self._batch_get(chunk, consistent)
        return found

    def batch_get_by(self, name_by_key: Mapping[Key, T], *, consistent: bool = False) -> Iterator[tuple[T, Item]]:
        """Yield each item that exists, with its name. As for `batch_get`."""
        by_sort_keys = {(key.pk, key.sk): name for key, name in name_by_key.items()}
        for item in self.batch_get([*name_by_key], consistent=consistent):
            yield by_sort_keys[item["pk"], item["sk"]], item

    def _batch_get(self, wanted_keys: Sequence[Key], consistent: bool) -> list[Item]:
        table_request = {"Keys": [wire_key(key) for key in wanted_keys], "ConsistentRead": consistent}
        request: Any = {self._names[wanted_keys[0].table]: table_request}
        found: list[Item] = []
        for wait in (*BATCH_GET_WAITS, None):  # After the last attempt, do not wait.
            with translate_errors(TABLES, storage_error):
                answer = self._client.batch_get_item(RequestItems=request)
            self.answered_at = _time_of_answer(answer)  # Tells tallies/ whether a day is over: our clock may be wrong.
            for items in answer["Responses"].values():
                found += map(from_wire, items)
            request = answer.get("UnprocessedKeys")
            if not request:
                return found
            if wait is not None:
                time.sleep(uniform(0, wait))
        raise counted(Throttled(TABLES))

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
        """Yield a partition's items by sort key. `between`: the first and the last.

        `only`: the attributes, or () for all. IAM allows some roles to read certain attributes only.
        """
        request = {**partition_request(pk, between, only), "TableName": self._names[table]}
        pages = self._pages({**request, "ConsistentRead": consistent, "ScanIndexForward": not backwards})
        return (from_wire(item) for answer in pages for item in answer["Items"])

    def _pages(self, request: dict[str, Any]) -> Iterator[Any]:
        while True:
            with translate_errors(TABLES, storage_error):
                answer = self._client.query(**request)
            yield answer
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def page(self, start: Key, only: Sequence[str], when: Condition, most: int) -> tuple[list[Item], str | None]:
        """Read up to `most` items after `start` (sk may be ""). Return those that match, and where to continue."""
        request = {**page_request(start.pk, only, when), "TableName": self._names[start.table], "Limit": most}
        if start.sk:
            request["ExclusiveStartKey"] = wire_key(start)
        with translate_errors(TABLES, storage_error):
            answer = self._client.query(**request)
        items = [from_wire(item) for item in answer["Items"]]
        last = answer.get("LastEvaluatedKey")
        return items, (from_wire(last)["sk"] if last else None)

    def count(self, table: str, pk: str, when: Condition) -> int:
        """Return how many items of a partition match. AWS returns no attribute of them, so a role need not read any."""
        pages = self._pages({**page_request(pk, (), when), "TableName": self._names[table]})
        return sum(answer["Count"] for answer in pages)

    def put(self, key: Key, item: Mapping[str, Any]) -> None:
        with translate_errors(TABLES, storage_error):
            self._client.put_item(TableName=self._names[key.table], Item={**wire_key(key), **to_wire(item)})

    def put_new(self, new: NewItem) -> None:
        """If the key exists, raise ConditionFailed with the existing item."""
        with translate_errors(TABLES, storage_error):
            self._client.put_item(TableName=self._names[new.key.table], **new_item_request(new))

    def try_put_new(self, new: NewItem) -> None:
        """If the key exists, change nothing."""
        with suppress(ConditionFailed):
            self.put_new(new)

    def update(self, change: Change) -> None:
        self._update(change, {"ReturnValues": "NONE"})

    def update_and_read(self, change: Change) -> Item:
        answer = self._update(change, {"ReturnValues": "ALL_NEW"})
        return from_wire(answer["Attributes"])

    def try_update(self, change: Change) -> bool:
        """Return whether the condition held. AWS returns no item, so no right to read is needed."""
        try:
            self._update(change, {"ReturnValues": "NONE", "ReturnValuesOnConditionCheckFailure": "NONE"})
        except ConditionFailed:
            return False
        return True

    def _update(self, change: Change, returns: Mapping[str, str]) -> Any:
        request: Any = {"TableName": self._names[change.key.table], **change_request(change), **returns}
        with translate_errors(TABLES, storage_error):
            return self._client.update_item(**request)

    def transact(self, writes: Sequence[Change | NewItem]) -> None:
        """Do all writes or none. Raise ConditionFailed (with the index of the write) or Conflicted.

        botocore adds a ClientRequestToken, so that its own retries do not write twice.
        """
        items: list[Any] = []
        for write in writes:
            operation, request = write_request(write)
            items.append({operation: {"TableName": self._names[write.key.table], **request}})
        with translate_errors(TABLES, storage_error):
            self._client.transact_write_items(TransactItems=items)

    def check(self) -> None:
        """Raise Unavailable if one of the tables that supporters need does not answer: signatures or counts."""
        for table in (keys.SIGNATURES, keys.COUNTS):
            with translate_errors(TABLES, storage_error):
                self._client.describe_table(TableName=self._names[table])


@cache
def tables() -> Tables:
    return Tables(clients.dynamodb(), settings().tables)


@cache
def signing_tables() -> Tables:
    """A call makes one attempt: after a failure, signatures go to the overflow queue."""
    return Tables(clients.signing_dynamodb(), settings().tables)


def _time_of_answer(answer: Any) -> datetime | None:
    date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    return parsedate_to_datetime(date) if date else None


def storage_error(error: ClientError) -> PetitionsError | None:
    """Return None for other errors. ConditionFailed has the item that AWS returned."""
    code = code_of(error)
    if code == "ConditionalCheckFailedException":
        return ConditionFailed(_old_item(error.response))
    if code == "TransactionCanceledException":
        return _cancelled(error)
    if code == "ResourceNotFoundException":
        # During a restore, a table does not exist for a while. Signatures then go to the overflow queue.
        return Unavailable("storage")
    if code == "TransactionInProgressException":
        # An earlier attempt with the same token is still running. It may succeed or fail.
        return Unavailable("storage")
    return Conflicted("storage") if code in CONFLICTS else None


def _cancelled(error: ClientError) -> PetitionsError | None:
    """Return None for a bug of ours, which a retry cannot repair.

    A failed condition decides first, then a conflict, which can be retried at once.
    """
    reasons: list[Any] = error.response.get("CancellationReasons", [])
    codes = [reason.get("Code") for reason in reasons]
    if "ConditionalCheckFailed" in codes:
        index = codes.index("ConditionalCheckFailed")
        return ConditionFailed(_old_item(reasons[index]), index)
    if "TransactionConflict" in codes:
        return Conflicted("storage")
    return Throttled("storage") if THROTTLES.intersection(codes) else None


def _old_item(response_or_reason: Any) -> Item | None:
    item = response_or_reason.get("Item")
    return from_wire(item) if item else None
