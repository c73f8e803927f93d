"""Count the AWS calls of a block of code, as the SDK sends them, and the DynamoDB units that AWS bills for them.

Write units of successful calls are those that DynamoDB reports (ReturnConsumedCapacity; the emulator reports them
correctly). Read units (the emulator's are wrong) and write units of failed conditions (not reported) are computed
from the items' sizes by AWS's rules:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from typing import Any

READ_BLOCK, WRITE_BLOCK = 4096, 1024
CONTAINER_BYTES = 3  # of an empty list or map; each element adds one more
CAPACITY = "ReturnConsumedCapacity"


@dataclass
class Usage:
    """The AWS calls in their order, such as "dynamodb.PutItem" (a retry is one more call), and DynamoDB's units."""

    operations: list[str] = field(default_factory=list)
    write_units: float = 0
    read_units: float = 0

    def as_figures(self) -> dict[str, Any]:
        return {"calls": len(self.operations), "write_units": self.write_units, "read_units": self.read_units}


class Meter:
    """Meters the clients that a session builds afterwards. `events`: the session's events. Not thread-safe."""

    def __init__(self, events: Any) -> None:
        self._usage = Usage()
        self._request: Mapping[str, Any] = {}
        events.register("before-parameter-build", self._on_parameters)
        events.register("before-send", self._on_send)
        events.register("after-call.dynamodb", self._on_answer)

    @contextmanager
    def meter_block(self) -> Iterator[Usage]:
        """Meter the calls of the block."""
        self._usage = Usage()
        try:
            yield self._usage
        finally:
            self._usage = Usage()

    def _on_parameters(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        """Ask for the consumed capacity. Change `params` in place: boto3's resources ignore what a handler returns."""
        if CAPACITY in getattr(model.input_shape, "members", ()):
            params[CAPACITY] = "TOTAL"
        self._request = params

    def _on_send(self, event_name: str, **_: Any) -> None:
        self._usage.operations.append(event_name.removeprefix("before-send."))

    def _on_answer(self, parsed: Mapping[str, Any], model: Any, **_: Any) -> None:
        self._usage.read_units += read_units(model.name, self._request, parsed)
        self._usage.write_units += write_units(model.name, self._request, parsed)


def read_units(operation: str, request: Mapping[str, Any], answer: Mapping[str, Any]) -> float:
    """Return 0.5 for each started 4 KB, or 1 if the read is consistent. A missing item costs as much as 4 KB."""
    per_block = 1 if request.get("ConsistentRead") else 0.5
    if operation == "GetItem":
        return per_block * _blocks(READ_BLOCK, answer.get("Item", {}))
    if operation == "Query":
        return per_block * _blocks(READ_BLOCK, *answer.get("Items", ()))
    if operation == "BatchGetItem":  # As much as a GetItem for each key.
        units = 0.0
        for table, requested in request["RequestItems"].items():
            found = answer["Responses"].get(table, [])
            items = [*found, *({} for _ in requested["Keys"][len(found) :])]
            units += sum(read_units("GetItem", requested, {"Item": item}) for item in items)
        return units
    return 0


def write_units(operation: str, request: Mapping[str, Any], answer: Mapping[str, Any]) -> float:
    """Return the reported units. If a condition failed, compute the units, because DynamoDB does not report them.

    AWS bills 1 unit for each started KB of the sent or the stored item, whichever is larger. For a transaction, it
    bills 2 units for each started KB of each stored item.
    """
    if "Error" not in answer:
        is_write = operation.startswith(("Put", "Update", "Delete", "TransactWrite"))
        reported = answer.get("ConsumedCapacity", [])
        # A transaction has a list, with an entry for each table.
        entries = reported if isinstance(reported, list) else [reported]
        return float(sum(entry["CapacityUnits"] for entry in entries)) if is_write else 0
    if operation == "TransactWriteItems":
        reasons = answer.get("CancellationReasons", [])
        return sum(2 * _blocks(WRITE_BLOCK, reason.get("Item", {})) for reason in reasons)
    return max(_blocks(WRITE_BLOCK, each.get("Item", {})) for each in (request, answer))


def _blocks(block: int, *items: Mapping[str, Any]) -> int:
    return max(1, ceil(sum(map(item_bytes, items)) / block))


def item_bytes(item: Mapping[str, Any]) -> int:
    """Return the bytes of names and values. The item is in DynamoDB's wire format: {"name": {"S": "Ada"}}."""
    return sum(len(name.encode()) + value_bytes(value) for name, value in item.items())


def value_bytes(wire_value: Mapping[str, Any]) -> int:
    ((kind, value),) = wire_value.items()
    match kind:
        case "BOOL" | "NULL":
            return 1
        case "M":
            return CONTAINER_BYTES + len(value) + item_bytes(value)
        case "L":
            return CONTAINER_BYTES + len(value) + sum(map(value_bytes, value))
        case "SS" | "NS" | "BS":  # "NS" is a set of "N".
            return sum(value_bytes({kind[0]: element}) for element in value)
        case "N":  # About one byte for two significant digits, plus one. A negative number takes one more.
            digits = value.lstrip("-").replace(".", "").strip("0")
            return (len(digits) + 1) // 2 + 1 + int(value.startswith("-"))
    return len(value.encode()) if isinstance(value, str) else len(value)
