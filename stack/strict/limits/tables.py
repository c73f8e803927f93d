"""DynamoDB: what AWS refuses in expressions, sets and start keys, and the emulator accepts.

Source: "Constraints in Amazon DynamoDB", the expression pages of the developer guide and the API reference.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from stack.referee.expressions import attributes_named
from stack.strict.limits.refused import Refused

Request = Mapping[str, Any]
_KEY = {"pk", "sk"}
_SETS = {"SS", "NS", "BS"}
_MOST_IN_OPERANDS = 100
_MOST_OPERATORS = 300
_OPERATOR = re.compile(r"<>|<=|>=|[=<>+-]|\b(?:AND|OR|NOT|IN|BETWEEN)\b|\b[a-z_]+\(", re.IGNORECASE)
_IN = re.compile(r"\bIN\s*\(([^)]*)\)", re.IGNORECASE)
_CLAUSE = re.compile(r"\b(?:SET|REMOVE|ADD|DELETE)\b", re.IGNORECASE)
_PATH = re.compile(r"\s*([#\w.\[\]]+)")


def check(operation: str, params: Request) -> None:
    for request in _requests(operation, params):
        _check_placeholders(request)
        _check_operators(request)
        _check_sets(request)
        _check_update_paths(request.get("UpdateExpression", ""), request.get("ExpressionAttributeNames") or {})
    if operation == "Query":
        _check_filter(params)
    if set(params.get("ExclusiveStartKey") or _KEY) != _KEY:
        raise _invalid("The provided starting key is invalid")


def _invalid(message: str) -> Refused:
    return Refused("ValidationException", message)


def _requests(operation: str, params: Request) -> Iterator[Request]:
    """Yield the parts of the request that can have expressions: those of each item or table, or the whole request."""
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
    """Refuse names that no expression uses."""
    text = " ".join(_expressions(request).values())
    if request.get("ExpressionAttributeNames") == {}:
        raise _invalid("ExpressionAttributeNames must not be empty")
    unused = set(request.get("ExpressionAttributeNames", ())) - set(re.findall(r"#\w+", text))
    if unused:
        raise _invalid(f"Value provided in ExpressionAttributeNames unused in expressions: keys: {unused}")


def _check_operators(request: Request) -> None:
    for name, text in _expressions(request).items():
        if len(_OPERATOR.findall(text)) > _MOST_OPERATORS:
            raise _invalid(f"Invalid {name}: The expression contains too many operators; limit: {_MOST_OPERATORS}")
        if any(operands.count(",") >= _MOST_IN_OPERANDS for operands in _IN.findall(text)):
            raise _invalid(f"Invalid {name}: The IN operator takes {_MOST_IN_OPERANDS} operands at most")


def _check_sets(request: Request) -> None:
    """Refuse empty sets, and sets with an empty text."""
    for value in (*request.get("Item", {}).values(), *request.get("ExpressionAttributeValues", {}).values()):
        for kind in _SETS & set(value):
            if not value[kind]:
                raise _invalid("One or more parameter values were invalid: An string set  may not be empty")
            if "" in value[kind]:
                raise _invalid("An string set may not have a empty string as a member")


def _check_update_paths(expression: str, names: Mapping[str, str]) -> None:
    paths = Counter(names.get(path, path) for path in _targets(expression))
    for path, count in paths.items():
        if count > 1:
            overlap = "Two document paths overlap with each other; must remove or rewrite one of these paths"
            raise _invalid(f"Invalid UpdateExpression: {overlap}; path one: [{path}], path two: [{path}]")


def _targets(expression: str) -> Iterator[str]:
    """Return the path that each action of an update changes. A comma inside a function does not end an action."""
    for clause in _CLAUSE.split(expression)[1:]:
        for action in re.split(r",(?![^(]*\))", clause):
            if found := _PATH.match(action):
                yield found[1]


def _check_filter(params: Request) -> None:
    """Refuse a filter that names a key attribute."""
    filter_only = {**params, "KeyConditionExpression": "", "ProjectionExpression": ""}
    if _KEY & set(attributes_named(filter_only)):
        raise _invalid("Filter Expression can only contain non-primary key attributes")
