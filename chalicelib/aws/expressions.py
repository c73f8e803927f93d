"""Changes as data, and as the expressions DynamoDB wants. Pure, so that a fake can read the same data."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from boto3.dynamodb.conditions import Attr, ConditionBase as Condition, ConditionExpressionBuilder
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from chalicelib.core.keys import Key

__all__ = [
    "Attr",
    "Change",
    "Condition",
    "Item",
    "NewItem",
    "change_request",
    "chunks",
    "from_wire",
    "page_request",
    "partition_request",
    "to_wire",
    "write_request",
]

Item = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True)
class NewItem:
    """An item to put if its key is free: the idempotency of everything that is created."""

    key: Key
    item: Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """An update of one item. `add` takes numbers and sets; `when` must hold, or nothing happens."""

    key: Key
    assign: Mapping[str, Any] = field(default_factory=dict)
    add: Mapping[str, int | set[str]] = field(default_factory=dict)
    remove: Sequence[str] = ()
    when: Condition | None = None


class _IntegerDeserializer(TypeDeserializer):
    """Every number of ours is an integer; Decimal would leak into JSON and arithmetic."""

    def _deserialize_n(self, value: str) -> int:
        return int(value)


_serializer = TypeSerializer()
_deserializer = _IntegerDeserializer()


def to_wire(item: Mapping[str, Any]) -> dict[str, Any]:
    # Most values are text, and boto3 tries many types before it finds that out.
    serialize = _serializer.serialize
    return {name: {"S": value} if isinstance(value, str) else serialize(value) for name, value in item.items()}


def from_wire(item: Mapping[str, Any]) -> Item:
    deserialize = _deserializer.deserialize
    return {name: deserialize(value) for name, value in item.items()}


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
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    if change.when is not None:
        built = ConditionExpressionBuilder().build_expression(change.when)
        request["ConditionExpression"] = built.condition_expression
        names.update(built.attribute_name_placeholders)
        values.update(built.attribute_value_placeholders)
    request["ExpressionAttributeNames"] = names
    if values:
        request["ExpressionAttributeValues"] = to_wire(values)
    return request


def partition_request(pk: str, between: tuple[str, str] | None, only: Sequence[str]) -> dict[str, Any]:
    """A query for a partition, or a stretch of it. All attributes, or only some: nothing else leaves the table then."""
    if not between:
        where = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": to_wire({":pk": pk})}
    else:
        where = {
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :low AND :high",
            "ExpressionAttributeValues": to_wire({":pk": pk, ":low": between[0], ":high": between[1]}),
        }
    return {**where, **_projection(only)}


def page_request(pk: str, only: Sequence[str], when: Condition) -> dict[str, Any]:
    """A query for some attributes of the items for which it holds; what is read and does not fit still costs."""
    built = ConditionExpressionBuilder().build_expression(when)
    request = {**partition_request(pk, None, only), "FilterExpression": built.condition_expression}
    request["ExpressionAttributeNames"].update(built.attribute_name_placeholders)
    request["ExpressionAttributeValues"].update(to_wire(built.attribute_value_placeholders))
    return request


def _projection(only: Sequence[str]) -> dict[str, Any]:
    """SPECIFIC_ATTRIBUTES is said, so that a policy can demand it."""
    if not only:
        return {}
    names: dict[str, str] = {}
    expression = _names("p", only, names)
    return {
        "Select": "SPECIFIC_ATTRIBUTES",
        "ProjectionExpression": expression,
        "ExpressionAttributeNames": names,
    }


def write_request(write: Change | NewItem) -> tuple[str, dict[str, Any]]:
    """The operation's name in TransactWriteItems, and its request."""
    if isinstance(write, NewItem):
        return "Put", new_item_request(write)
    return "Update", change_request(write)


def _update_expression(change: Change, names: dict[str, str], values: dict[str, Any]) -> str:
    clauses = [
        ("SET", _pairs("s", " = ", change.assign, names, values)),
        ("ADD", _pairs("a", " ", change.add, names, values)),
        ("REMOVE", _names("r", change.remove, names)),
    ]
    return " ".join(f"{word} {body}" for word, body in clauses if body)


def _pairs(prefix: str, joiner: str, pairs: Mapping[str, Any], names: dict[str, str], values: dict[str, Any]) -> str:
    parts = []
    for number, (name, value) in enumerate(pairs.items()):
        place = f"{prefix}{number}"
        names[f"#{place}"] = name
        values[f":{place}"] = value
        parts.append(f"#{place}{joiner}:{place}")
    return ", ".join(parts)


def _names(prefix: str, wanted: Sequence[str], names: dict[str, str]) -> str:
    places = {f"#{prefix}{number}": name for number, name in enumerate(wanted)}
    names.update(places)
    return ", ".join(places)


def chunks(things: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """AWS takes 10, 25 or 100 at a time."""
    for start in range(0, len(things), size):
        yield things[start : start + size]
