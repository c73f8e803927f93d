"""DynamoDB: check expressions, sets and start keys, where the emulator accepts what AWS refuses.

Source: "Constraints in Amazon DynamoDB", the expression pages of the developer guide and the API reference.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from stack.judge.answers import Refused
from stack.judge.expressions import attributes_named

Request = Mapping[str, Any]
_KEY_ATTRIBUTES = {"pk", "sk"}
_SET_TYPES = {"SS", "NS", "BS"}
_MAX_IN_OPERANDS = 100
_MAX_OPERATORS = 300
_OPERATOR = re.compile(r"<>|<=|>=|[=<>+-]|\b(?:AND|OR|NOT|IN|BETWEEN)\b|\b[a-z_]+\(", re.IGNORECASE)
_IN = re.compile(r"\bIN\s*\(([^)]*)\)", re.IGNORECASE)
_CLAUSE = re.compile(r"\b(?:SET|REMOVE|ADD|DELETE)\b", re.IGNORECASE)
_PATH = re.compile(r"\s*([#\w.\[\]]+)")


def check(operation: str, params: Request) -> None:
    for request in _requests(operation, params):
        _check_placeholders(request)
        _check_operators(request)
        _check_sets(request)
        _check_update_paths(request)
    if operation == "Query":
        _check_filter(params)
    start_key = params.get("ExclusiveStartKey")
    if start_key and set(start_key) != _KEY_ATTRIBUTES:
        raise _validation_error("The provided starting key is invalid")


def _validation_error(message: str) -> Refused:
    return Refused("ValidationException", message)


def _requests(operation: str, params: Request) -> Iterator[Request]:
    """Yield the parts of a call that can have expressions; for most operations, the call itself."""
    if operation in ("TransactWriteItems", "TransactGetItems"):
        for item in params["TransactItems"]:
            yield from item.values()
    elif operation == "BatchGetItem":
        yield from params["RequestItems"].values()
    else:
        yield params


def _expressions(request: Request) -> dict[str, str]:
    return {name: text for name, text in request.items() if name.endswith("Expression")}


def _check_placeholders(request: Request) -> None:
    if request.get("ExpressionAttributeNames") == {}:
        raise _validation_error("ExpressionAttributeNames must not be empty")
    text = " ".join(_expressions(request).values())
    used = re.findall(r"#\w+", text)
    unused = set(request.get("ExpressionAttributeNames", ())) - set(used)
    if unused:
        raise _validation_error(f"Value provided in ExpressionAttributeNames unused in expressions: keys: {unused}")


def _check_operators(request: Request) -> None:
    for name, text in _expressions(request).items():
        if len(_OPERATOR.findall(text)) > _MAX_OPERATORS:
            raise _validation_error(
                f"Invalid {name}: The expression contains too many operators; limit: {_MAX_OPERATORS}"
            )
        for operands in _IN.findall(text):
            number_of_operands = operands.count(",") + 1
            if number_of_operands > _MAX_IN_OPERANDS:
                raise _validation_error(f"Invalid {name}: The IN operator takes {_MAX_IN_OPERANDS} operands at most")


def _check_sets(request: Request) -> None:
    """Refuse empty sets, and sets with an empty string. Sets within a map or a list are not checked."""
    item = request.get("Item", {})
    placeholders = request.get("ExpressionAttributeValues", {})
    for value in (*item.values(), *placeholders.values()):
        for kind in _SET_TYPES & set(value):  # A value is a dict from its type, for example {"SS": ["a", "b"]}.
            if not value[kind]:
                raise _validation_error("One or more parameter values were invalid: An string set  may not be empty")
            if "" in value[kind]:
                raise _validation_error("An string set may not have a empty string as a member")


def _check_update_paths(request: Request) -> None:
    names = request.get("ExpressionAttributeNames") or {}  # The attribute names of the placeholders.
    changed_paths = _changed_paths(request.get("UpdateExpression", ""))
    paths = [names.get(path, path) for path in changed_paths]
    for path, count in Counter(paths).items():
        if count > 1:
            overlap = "Two document paths overlap with each other; must remove or rewrite one of these paths"
            raise _validation_error(f"Invalid UpdateExpression: {overlap}; path one: [{path}], path two: [{path}]")


def _changed_paths(expression: str) -> Iterator[str]:
    """Yield the path that each action of an update changes: `a` and `b` for "SET a = :x REMOVE b"."""
    for clause in _CLAUSE.split(expression)[1:]:
        # Split at each comma, but not if a `)` follows it before the next `(`.
        for action in re.split(r",(?![^(]*\))", clause):
            found = _PATH.match(action)
            if found:
                yield found[1]


def _check_filter(params: Request) -> None:
    filter_only = {**params, "KeyConditionExpression": "", "ProjectionExpression": ""}
    if _KEY_ATTRIBUTES & set(attributes_named(filter_only)):
        raise _validation_error("Filter Expression can only contain non-primary key attributes")
