"""DynamoDB: check expressions, sets and start keys, where the emulator accepts what AWS refuses.

Source: "Constraints in Amazon DynamoDB", the expression pages of the developer guide and the API reference.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from stack.judge.answers import Refused
from stack.judge.expressions import KEYS, attributes_named, expressions

Request = Mapping[str, Any]
_SET_TYPES = {"SS", "NS", "BS"}
_MAX_IN_OPERANDS = 100
_MAX_OPERATORS = 300
_OPERATOR = re.compile(r"<>|<=|>=|[=<>+-]|\b(?:AND|OR|NOT|IN|BETWEEN)\b|\b[a-z_]+\(", re.IGNORECASE)
_IN = re.compile(r"\bIN\s*\(([^)]*)\)", re.IGNORECASE)
_NAME = re.compile(r"#\w+")


def check(operation: str, params: Request) -> None:
    for request in _requests(operation, params):
        _check_names(request)
        _check_operators(request)
        _check_sets(request)
    if operation == "Query":
        if KEYS & attributes_named({**params, "KeyConditionExpression": "", "ProjectionExpression": ""}):
            raise _validation_error("Filter Expression can only contain non-primary key attributes")
        if {*params.get("ExclusiveStartKey", KEYS)} != KEYS:
            raise _validation_error("The provided starting key is invalid")


def _validation_error(message: str) -> Refused:
    return Refused("ValidationException", message)


def _requests(operation: str, params: Request) -> Iterator[Request]:
    """Yield the parts of a call that can have expressions; for most operations, the call itself."""
    if operation == "TransactWriteItems":
        for item in params["TransactItems"]:
            yield from item.values()
    elif operation == "BatchGetItem":
        yield from params["RequestItems"].values()
    else:
        yield params


def _check_names(request: Request) -> None:
    """Also refuse an update that changes a path twice. In our updates, each placeholder of a name stands for a path."""
    names = request.get("ExpressionAttributeNames", {"": ""})
    if not names:
        raise _validation_error("ExpressionAttributeNames must not be empty")
    unused = {*names} - {"", *_NAME.findall(" ".join(expressions(request).values()))}
    if unused:
        raise _validation_error(f"Value provided in ExpressionAttributeNames unused in expressions: keys: {unused}")
    changed = [names.get(each, each) for each in _NAME.findall(request.get("UpdateExpression", ""))]
    if len({*changed}) < len(changed):
        overlap = "Two document paths overlap with each other; must remove or rewrite one of these paths"
        raise _validation_error(f"Invalid UpdateExpression: {overlap}; paths: {changed}")


def _check_operators(request: Request) -> None:
    for name, text in expressions(request).items():
        if len(_OPERATOR.findall(text)) > _MAX_OPERATORS:
            raise _validation_error(
                f"Invalid {name}: The expression contains too many operators; limit: {_MAX_OPERATORS}"
            )
        if any(operands.count(",") >= _MAX_IN_OPERANDS for operands in _IN.findall(text)):
            raise _validation_error(f"Invalid {name}: The IN operator takes {_MAX_IN_OPERANDS} operands at most")


def _check_sets(request: Request) -> None:
    """Refuse empty sets, and sets with an empty string. Sets within a map or a list are not checked."""
    for value in (*request.get("Item", {}).values(), *request.get("ExpressionAttributeValues", {}).values()):
        for kind in _SET_TYPES & set(value):  # A value is a dict from its type, for example {"SS": ["a", "b"]}.
            if not value[kind]:
                raise _validation_error("One or more parameter values were invalid: An string set  may not be empty")
            if "" in value[kind]:
                raise _validation_error("An string set may not have a empty string as a member")
