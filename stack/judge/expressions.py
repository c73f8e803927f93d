"""Read the expressions of DynamoDB that our code writes (chalicelib/aws/expressions.py): names as placeholders."""

import re
from collections.abc import Mapping
from typing import Any

from stack.judge.model import UnknownCall

KEYS = frozenset({"pk", "sk"})
"""The key attributes of all our tables."""

# A word that is not the name of a function, and not a later part of a path such as #a.#b.
_WORD = re.compile(r"(?<![.\w#:])[#:]?[A-Za-z_]\w*\b(?!\s*\()")
_KEYWORDS = frozenset({"SET", "REMOVE", "ADD", "DELETE", "AND", "OR", "NOT", "BETWEEN", "IN"})
_OF_PARTITION = re.compile(r"pk = (:\w+)( AND sk .+)?")


def expressions(request: Mapping[str, Any]) -> dict[str, str]:
    return {name: text for name, text in request.items() if name.endswith("Expression")}


def attributes_named(request: Mapping[str, Any]) -> set[str]:
    """Return the attributes in all expressions of a request. Raise UnknownCall for a name without a placeholder."""
    names = {**{key: key for key in KEYS}, **request.get("ExpressionAttributeNames", {})}
    words = {word for text in expressions(request).values() for word in _WORD.findall(text)} - _KEYWORDS
    unknown = {word for word in words if word not in names and not word.startswith(":")}
    if unknown:
        raise UnknownCall(f"dynamodb: the judge does not know {unknown} in {expressions(request)}")
    return {names[word] for word in words if word in names}


def partition_value(query: Mapping[str, Any]) -> Any:
    """Return the value of the partition key in a query. Raise UnknownCall if the query has no single one."""
    found = _OF_PARTITION.fullmatch(query.get("KeyConditionExpression", ""))
    if not found:
        raise UnknownCall(f"dynamodb: the judge does not know the partition of {query}")
    return query["ExpressionAttributeValues"][found[1]]
