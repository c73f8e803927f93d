"""Conditions and updates of DynamoDB, evaluated on plain items."""

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
    GreaterThanEquals,
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
    present = item or {}
    operands = [_value(value, present) for value in values]
    return _compare(condition, operands)


def _compare(condition: ConditionBase, operands: list[Any]) -> bool:
    found = operands[0]
    if isinstance(condition, AttributeExists):
        return found is not MISSING
    if isinstance(condition, AttributeNotExists):
        return found is MISSING
    expected = operands[1]
    if found is MISSING or not _can_compare(condition, found, expected):
        return isinstance(condition, NotEquals)
    comparisons = {
        Equals: lambda: found == expected,
        NotEquals: lambda: found != expected,
        LessThan: lambda: found < expected,
        LessThanEquals: lambda: found <= expected,
        GreaterThan: lambda: found > expected,
        GreaterThanEquals: lambda: found >= expected,
        Contains: lambda: expected in found,
    }
    return bool(comparisons[type(condition)]())  # type: ignore[no-untyped-call]


def _can_compare(condition: ConditionBase, found: Any, expected: Any) -> bool:
    """DynamoDB never compares text with numbers, but it can search a set for a text."""
    if isinstance(condition, Contains):
        return True
    if type(found) is type(expected):
        return True
    return _type(found) == _type(expected)


def _type(value: Any) -> str:
    """Return DynamoDB's name of the value's type, such as "S" for text."""
    wire_value = to_wire({"value": value})["value"]
    return str(next(iter(wire_value)))


def _value(operand: Any, item: Mapping[str, Any]) -> Any:
    if isinstance(operand, Size):
        inner = _value(operand.get_expression()["values"][0], item)
        return MISSING if inner is MISSING else len(inner)
    if isinstance(operand, AttributeBase):
        return item.get(operand.name, MISSING)
    return operand


def copy_item(item: Item, only: Sequence[str] = ()) -> Item:
    """Copy an item, so that the caller may change the copy. `only`: the attributes to copy; by default all."""
    wanted = item if not only else {name: item[name] for name in only if name in item}
    return {name: value if type(value) in UNCHANGED else _copy(value) for name, value in wanted.items()}


def _copy(value: Any) -> Any:
    """Copy a value of an item: ten times as fast as `deepcopy`."""
    if isinstance(value, dict):
        return copy_item(value)
    if isinstance(value, list):
        return [_copy(each) for each in value]
    return set(value) if isinstance(value, set) else value


def as_stored(key: Key, item: Mapping[str, Any]) -> Item:
    return _as_read_back({"pk": key.pk, "sk": key.sk, **item})


def _as_read_back(values: Mapping[str, Any]) -> Item:
    """Convert to the wire format and back, so that values which DynamoDB refuses fail here too."""
    changeable = {name: value for name, value in values.items() if type(value) not in UNCHANGED}
    read_back = from_wire(to_wire(changeable))
    return {**values, **read_back}


def apply_change(change: Change, stored: Item) -> Item:
    """Return the stored item with the change."""
    item = {**stored, **_as_read_back(change.assign)}
    for name, amount in _as_read_back(change.add).items():
        if isinstance(amount, set):
            item[name] = item.get(name, set()) | amount
        else:
            item[name] = item.get(name, 0) + amount
    for name in change.remove:
        item.pop(name, None)
    return item
