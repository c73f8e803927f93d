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
    if kind in ("BOOL", "NULL"):
        return 1
    if kind == "M":
        return CONTAINER_BYTES + len(value) + item_bytes(value)
    if kind == "L":
        return CONTAINER_BYTES + len(value) + sum(map(value_bytes, value))
    if kind in ("SS", "NS", "BS"):
        return sum(_scalar_bytes(kind[0], element) for element in value)
    return _scalar_bytes(kind, value)


def _scalar_bytes(kind: str, value: Any) -> int:
    """Return the bytes of a scalar. A number takes about one byte for two significant digits, plus one.

    A negative number takes one more.
    """
    if kind == "N":
        digits = str(value).lstrip("-").replace(".", "").strip("0")
        sign_bytes = 1 if str(value).startswith("-") else 0
        return (len(digits) + 1) // 2 + 1 + sign_bytes
    return len(value.encode() if isinstance(value, str) else value)
