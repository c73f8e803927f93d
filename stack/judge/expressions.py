"""Read DynamoDB's expressions: find the attributes that they name, and the partition key that a query asks for."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from stack.judge.model import UnknownCall

_TOKEN = re.compile(r"\s*(?:([#:]?[A-Za-z_0-9]+)|(\[\d+\])|(<>|<=|>=|[=<>+\-.,()]))")
_KEYWORDS = frozenset({"SET", "REMOVE", "ADD", "DELETE", "AND", "OR", "NOT", "BETWEEN", "IN"})
_EXPRESSION_PARAMETERS = (
    "KeyConditionExpression",
    "FilterExpression",
    "ProjectionExpression",
    "ConditionExpression",
    "UpdateExpression",
)


def attributes_named(request: Mapping[str, Any]) -> Iterator[str]:
    """Yield the attribute names in all expressions of a request. Of a path such as `a.b[0]`, yield only `a`."""
    names = request.get("ExpressionAttributeNames") or {}
    for kind in _EXPRESSION_PARAMETERS:
        tokens = _tokens(request.get(kind) or "")
        tokens_before = ["", *tokens]
        tokens_after = [*tokens[1:], ""]
        for before, token, after in zip(tokens_before, tokens, tokens_after, strict=False):
            is_part_of_path = before == "."
            is_function = after == "("
            if _is_name(token) and not is_part_of_path and not is_function:
                yield _attribute_name(token, names)


def partition_values(request: Mapping[str, Any], partition_key: str) -> list[Any]:
    """Return the value of the partition key in a query, in a list. Raise UnknownCall if there is not exactly one."""
    names = request.get("ExpressionAttributeNames") or {}
    values = request.get("ExpressionAttributeValues") or {}
    expression = request.get("KeyConditionExpression")
    tokens = _tokens(expression or "")
    found = []
    # Look at every three tokens that follow each other, such as `pk = :value`.
    for left, operator, right in zip(tokens, tokens[1:], tokens[2:], strict=False):
        compares_attribute = operator == "=" and _is_name(left)
        if compares_attribute and _attribute_name(left, names) == partition_key:
            found.append(values[right])
    if len(found) != 1:
        raise UnknownCall(f"no single value of {partition_key} in {expression!r}")
    return found


def _tokens(expression: str) -> list[str]:
    found, position = [], 0
    expression = expression.rstrip()
    while position < len(expression):
        token = _TOKEN.match(expression, position)
        if token is None:
            raise UnknownCall(f"not an expression: {expression!r}")
        found.append(token.group().strip())
        position = token.end()
    return found


def _is_name(token: str) -> bool:
    """A placeholder for a name (`#name`) is a name too, and so is that of a function."""
    starts_like_name = token[0] not in ":[=<>+-.,()"
    return starts_like_name and token.upper() not in _KEYWORDS


def _attribute_name(token: str, names: Mapping[str, str]) -> str:
    if not token.startswith("#"):
        return token
    if token not in names:
        raise UnknownCall(f"{token} is not in ExpressionAttributeNames")
    return names[token]
