"""Conditions and updates of DynamoDB, evaluated on plain items."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from boto3.dynamodb.conditions import (
    And,
    AttributeBase,
    AttributeExists,
    AttributeNotExists,
    ConditionBase,
    Contains,
    Equals,
    GreaterThan,
    LessThan,
    LessThanEquals,
    NotEquals,
    Or,
    Size,
)

from chalicelib.aws.expressions import from_wire, to_wire
from chalicelib.aws.table import Change, Item
from chalicelib.core.keys import Key

MISSING = object()
IMMUTABLE = (str, int)
# DynamoDB stores values of these types, not of their subclasses, without a change.
UNCHANGED = frozenset({str, int, bool})


def holds(condition: ConditionBase | None, item: Mapping[str, Any] | None) -> bool:
    """Return whether DynamoDB would accept this condition for this item (None: absent)."""
    if condition is None:
        return True
    values = condition.get_expression()["values"]
    if isinstance(condition, And):
        return all(holds(value, item) for value in values)
    if isinstance(condition, Or):
        return any(holds(value, item) for value in values)
    return _compare(condition, [_value(value, item or {}) for value in values])


def _compare(condition: ConditionBase, values: list[Any]) -> bool:
    found = values[0]
    if isinstance(condition, AttributeExists):
        return found is not MISSING
    if isinstance(condition, AttributeNotExists):
        return found is MISSING
    expected = values[1]
    if found is MISSING or (not isinstance(condition, Contains) and not _have_one_type(found, expected)):
        return isinstance(condition, NotEquals)
    comparisons = {
        Equals: lambda: found == expected,
        NotEquals: lambda: found != expected,
        LessThan: lambda: found < expected,
        LessThanEquals: lambda: found <= expected,
        GreaterThan: lambda: found > expected,
        Contains: lambda: expected in found,
    }
    return bool(comparisons[type(condition)]())  # type: ignore[no-untyped-call]


def _have_one_type(found: Any, expected: Any) -> bool:
    """DynamoDB never compares text with numbers."""
    return type(found) is type(expected) or _type(found) == _type(expected)


def _type(value: Any) -> str:
    """Return DynamoDB's type."""
    return str(next(iter(to_wire({"value": value})["value"])))


def _value(operand: Any, item: Mapping[str, Any]) -> Any:
    if isinstance(operand, Size):
        inner = _value(operand.get_expression()["values"][0], item)
        return MISSING if inner is MISSING else len(inner)
    if isinstance(operand, AttributeBase):
        return item.get(operand.name, MISSING)
    return operand


def copy_item(item: Item, only: Sequence[str] = ()) -> Item:
    """Copy an item, so that the caller may change the copy. `only`: the attributes to copy; by default all."""
    values = {name: item[name] for name in only or item if name in item}
    return {name: value if isinstance(value, IMMUTABLE) else copy.deepcopy(value) for name, value in values.items()}


def as_stored(key: Key, item: Mapping[str, Any]) -> Item:
    return _as_read_back({"pk": key.pk, "sk": key.sk, **item})


def _as_read_back(values: Mapping[str, Any]) -> Item:
    """Convert to the wire format and back, so that values which DynamoDB refuses fail here too."""
    converted = from_wire(to_wire({name: value for name, value in values.items() if type(value) not in UNCHANGED}))
    return {**values, **converted}


def apply_change(change: Change, stored: Item) -> Item:
    """Return the stored item with the change."""
    item = {**stored, **_as_read_back(change.assign)}
    for name, amount in _as_read_back(change.add).items():
        item[name] = item.get(name, set()) | amount if isinstance(amount, set) else item.get(name, 0) + amount
    for name in change.remove:
        item.pop(name, None)
    return item
