"""Counts what an act asks of AWS: HTTP calls at the door of the SDK, and the capacity they are billed for.

Write units of what succeeds are what DynamoDB itself reports (ReturnConsumedCapacity; the emulator is true
there). Read units, which the emulator does not report truly, and units of writes whose condition failed, which
nobody reports, are computed from the items' sizes by AWS's rules:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from benchmarks.sizes import item_bytes

READ_BLOCK, WRITE_BLOCK = 4096, 1024
CAPACITY = "ReturnConsumedCapacity"

Item = Mapping[str, Any]


@dataclass
class Spent:
    """AWS calls, attempts by attempt, in order ("dynamodb.PutItem"), and DynamoDB's units."""

    operations: list[str] = field(default_factory=list)
    write_units: float = 0
    read_units: float = 0

    def as_figures(self) -> dict[str, Any]:
        units = {"write_units": self.write_units, "read_units": self.read_units}
        return {"calls": len(self.operations), **units, "operations": self.operations}


class Meter:
    """Listens to a session's events; clients built from then on are metered. For one thread."""

    def __init__(self, events: Any) -> None:
        self._spent = Spent()
        self._request: Mapping[str, Any] = {}
        events.register("before-parameter-build", self._asked)
        events.register("before-send", self._sent)
        events.register("after-call.dynamodb", self._answered)

    @contextmanager
    def metered(self) -> Iterator[Spent]:
        """What is spent in the block, and nothing of what comes before or after."""
        self._spent = Spent()
        try:
            yield self._spent
        finally:
            self._spent = Spent()

    def _asked(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        """In place: boto3's resources hand in a copy of their own, and would not take another."""
        if CAPACITY in getattr(model.input_shape, "members", ()):
            params[CAPACITY] = "TOTAL"
        self._request = params

    def _sent(self, event_name: str, **_: Any) -> None:
        self._spent.operations.append(event_name.removeprefix("before-send."))

    def _answered(self, parsed: Mapping[str, Any], model: Any, **_: Any) -> None:
        name = model.name
        self._spent.read_units += read_units(name, self._request, parsed)
        self._spent.write_units += write_units(name, self._request, parsed)


def read_units(operation: str, request: Mapping[str, Any], answer: Mapping[str, Any]) -> float:
    """0.5 for each 4 KB begun, 1 where the read is consistent; an absent item costs like the smallest."""
    if operation == "GetItem":
        return _rate(request) * _blocks([answer.get("Item", {})], READ_BLOCK)
    if operation == "Query":
        return _rate(request) * _blocks(answer.get("Items", ()), READ_BLOCK)
    if operation == "BatchGetItem":
        return sum(_batch_units(table, keys, answer) for table, keys in request["RequestItems"].items())
    return 0


def write_units(operation: str, request: Mapping[str, Any], answer: Mapping[str, Any]) -> float:
    """As reported; where the condition failed, 1 for each KB begun of the larger item, twice in a transaction."""
    if "Error" not in answer:
        return _reported(answer) if operation.startswith(("Put", "Update", "Delete", "TransactWrite")) else 0
    if operation == "TransactWriteItems":
        reasons = answer.get("CancellationReasons", [])
        return sum(2 * _blocks([reason.get("Item", {})], WRITE_BLOCK) for reason in reasons)
    asked, found = request.get("Item", {}), answer.get("Item", {})
    return max(_blocks([asked], WRITE_BLOCK), _blocks([found], WRITE_BLOCK))


def _batch_units(table: str, keys: Mapping[str, Any], answer: Mapping[str, Any]) -> float:
    found = answer["Responses"].get(table, [])
    absent = len(keys["Keys"]) - len(found)
    return _rate(keys) * (absent + sum(_blocks([item], READ_BLOCK) for item in found))


def _reported(answer: Mapping[str, Any]) -> float:
    told = answer.get("ConsumedCapacity", [])
    return float(sum(one["CapacityUnits"] for one in (told if isinstance(told, list) else [told])))


def _rate(request: Mapping[str, Any]) -> float:
    return 1 if request.get("ConsistentRead") else 0.5


def _blocks(items: Any, block: int) -> int:
    return max(1, ceil(sum(map(item_bytes, items)) / block))
