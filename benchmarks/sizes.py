"""Compute the size of an item as DynamoDB counts it. The item is in DynamoDB's wire format: {"name": {"S": "Ada"}}.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

from collections.abc import Mapping
from typing import Any

CONTAINER_BYTES = 3  # of an empty list or map; each element adds one more


def item_bytes(item: Mapping[str, Any]) -> int:
    """Return the bytes of the names (UTF-8) and values."""
    total = 0
    for name, value in item.items():
        total += len(name.encode()) + value_bytes(value)
    return total


def value_bytes(wire_value: Mapping[str, Any]) -> int:
    ((kind, value),) = wire_value.items()
    if kind in ("BOOL", "NULL"):
        return 1
    if kind == "M":
        return CONTAINER_BYTES + len(value) + item_bytes(value)
    if kind == "L":
        return CONTAINER_BYTES + len(value) + sum(map(value_bytes, value))
    if kind in ("SS", "NS", "BS"):
        element_kind = kind[0]  # "NS" is a set of "N".
        return sum(_scalar_bytes(element_kind, element) for element in value)
    return _scalar_bytes(kind, value)


def _scalar_bytes(kind: str, value: Any) -> int:
    """Return the bytes of a scalar. A number takes about one byte for two significant digits, plus one.

    A negative number takes one more.
    """
    if kind == "N":
        number = str(value)
        digits = number.lstrip("-").replace(".", "").strip("0")
        sign_bytes = 1 if number.startswith("-") else 0
        return (len(digits) + 1) // 2 + 1 + sign_bytes
    if isinstance(value, str):
        return len(value.encode())
    return len(value)
