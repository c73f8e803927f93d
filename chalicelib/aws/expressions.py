"""Describe writes of items as plain data, and build DynamoDB's requests. The tests' fake DynamoDB uses them too."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from boto3.dynamodb.conditions import Attr, ConditionBase as Condition, ConditionExpressionBuilder
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from chalicelib.core.keys import Key

__all__ = [
    "Attr", "Change", "Condition", "Image", "Item", "NewItem", "absent_or_at_most", "change_request", "chunks",
    "from_wire", "is_still", "page_request", "partition_request", "to_wire", "write_request",
]  # fmt: skip

Item = dict[str, Any]
# An item in the table's stream of changes, before or after a change.
Image = Mapping[str, Any]
T = TypeVar("T")


@dataclass(frozen=True)
class NewItem:
    """A new item. It is stored only if no item has its key, so that creating it again changes nothing."""

    key: Key
    item: Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    key: Key
    assign: Mapping[str, Any] = field(default_factory=dict)
    add: Mapping[str, int | set[str]] = field(default_factory=dict)
    remove: Sequence[str] = ()
    when: Condition | None = None


class _IntegerDeserializer(TypeDeserializer):
    """Return int: we store only integers, and Decimal would leak into JSON and arithmetic."""

    def _deserialize_n(self, value: str) -> int:
        return int(value)


_serializer = TypeSerializer()
_deserializer = _IntegerDeserializer()


def absent_or_at_most(name: str, limit: int | str) -> Condition:
    return Attr(name).not_exists() | Attr(name).lte(limit)


def is_still(name: str, old_value: Any) -> Condition:
    """Return the condition that the attribute is `old_value`, or absent if that is None."""
    return Attr(name).not_exists() if old_value is None else Attr(name).eq(old_value)


def to_wire(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _typed(value) for name, value in item.items()}


def _typed(value: Any) -> Any:
    """Try the three usual types first: boto3 is slower."""
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bool):  # Before int, because a bool is an int too.
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}  # Counts and times: far from DynamoDB's limit of 38 digits.
    return _serializer.serialize(value)


def from_wire(item: Mapping[str, Any]) -> Item:
    plain: Item = {}
    for name, value in item.items():
        # Most values are texts, and boto3 is slower.
        plain[name] = value["S"] if "S" in value else _deserializer.deserialize(value)
    return plain


def wire_key(key: Key) -> dict[str, Any]:
    return {"pk": {"S": key.pk}, "sk": {"S": key.sk}}


def new_item_request(new: NewItem) -> dict[str, Any]:
    return {
        "Item": {**wire_key(new.key), **to_wire(new.item)},
        "ConditionExpression": "attribute_not_exists(pk)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def change_request(change: Change) -> dict[str, Any]:
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    request: dict[str, Any] = {
        "Key": wire_key(change.key),
        "UpdateExpression": _update_expression(change, names, values),
    }
    if change.when is not None:
        built = ConditionExpressionBuilder().build_expression(change.when)
        request["ConditionExpression"] = built.condition_expression
        request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        names.update(built.attribute_name_placeholders)
        values.update(built.attribute_value_placeholders)
    request["ExpressionAttributeNames"] = names
    if values:  # DynamoDB refuses an empty dict here. A change that only removes attributes has no values.
        request["ExpressionAttributeValues"] = to_wire(values)
    return request


def partition_request(pk: str, between: tuple[str, str] | None, only: Sequence[str]) -> dict[str, Any]:
    """Return a query for a partition, or a range of its sort keys. `only`: the attributes, or () for all."""
    where, values = "pk = :pk", {":pk": pk}
    if between:
        low, high = between
        where += " AND sk BETWEEN :low AND :high"
        values |= {":low": low, ":high": high}
    return {"KeyConditionExpression": where, "ExpressionAttributeValues": to_wire(values), **_projection(only)}


def page_request(pk: str, only: Sequence[str], when: Condition) -> dict[str, Any]:
    """Return a query for the items that match `when`. AWS also bills the others. Without `only`, only count them."""
    built = ConditionExpressionBuilder().build_expression(when)
    request = {"Select": "COUNT", "ExpressionAttributeNames": {}, **partition_request(pk, None, only)}
    request["FilterExpression"] = built.condition_expression
    request["ExpressionAttributeNames"].update(built.attribute_name_placeholders)
    request["ExpressionAttributeValues"].update(to_wire(built.attribute_value_placeholders))
    return request


def _projection(only: Sequence[str]) -> dict[str, Any]:
    """A policy can require SPECIFIC_ATTRIBUTES."""
    if not only:
        return {}
    names: dict[str, str] = {}
    expression = _names("p", only, names)  # Adds the placeholders #p0, #p1 … to `names`.
    return {"Select": "SPECIFIC_ATTRIBUTES", "ProjectionExpression": expression, "ExpressionAttributeNames": names}


def write_request(write: Change | NewItem) -> tuple[str, dict[str, Any]]:
    """Return the operation's name in TransactWriteItems, and its request."""
    if isinstance(write, NewItem):
        return "Put", new_item_request(write)
    return "Update", change_request(write)


def _update_expression(change: Change, names: dict[str, str], values: dict[str, Any]) -> str:
    clauses = [
        ("SET", _pairs("s", " = ", change.assign, names, values)),
        ("ADD", _pairs("a", " ", change.add, names, values)),
        ("REMOVE", _names("r", change.remove, names)),
    ]
    used_clauses = [f"{word} {body}" for word, body in clauses if body]
    return " ".join(used_clauses)


def _pairs(prefix: str, joiner: str, pairs: Mapping[str, Any], names: dict[str, str], values: dict[str, Any]) -> str:
    """Return the pairs of one clause as placeholders, and add these to `names` and `values`."""
    parts = []
    for number, (name, value) in enumerate(pairs.items()):
        placeholder = f"{prefix}{number}"
        names[f"#{placeholder}"] = name
        values[f":{placeholder}"] = value
        parts.append(f"#{placeholder}{joiner}:{placeholder}")
    return ", ".join(parts)


def _names(prefix: str, attributes: Sequence[str], names: dict[str, str]) -> str:
    placeholders = {f"#{prefix}{number}": name for number, name in enumerate(attributes)}
    names.update(placeholders)
    return ", ".join(placeholders)


def chunks(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield parts of at most `size` values: AWS takes 10 or 100 items a call."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
