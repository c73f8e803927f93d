"""Compute the size of an item as DynamoDB counts it. The item is in DynamoDB's wire format: {"name": {"S": "Ada"}}.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

from collections.abc import Mapping
from typing import Any

CONTAINER_BYTES = 3  # of an empty list or map; each element adds one more


def item_bytes(item: Mapping[str, Any]) -> int:
    """Return the bytes of the names (UTF-8) and values."""
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
