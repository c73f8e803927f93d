"""The part of a call that AWS carries out, if it answers partially, and what its answer says of the rest.

Each function takes the parameters of a call.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

Params = Mapping[str, Any]
Entry = TypeVar("Entry")


@dataclass(frozen=True)
class Part:
    """`params`: the parameters that replace the call's own. `added`: fields to add to the answer."""

    params: Params
    added: Params = field(default_factory=dict)


def some_entries(params: Params) -> Part:
    """Let some or all entries of an SQS batch call fail; the answer lists them in Failed."""
    done, failed = _split(params["Entries"], fewest=0)
    why = {"SenderFault": False, "Code": "InternalError", "Message": "Try again."}
    return Part({"Entries": done}, {"Failed": [{"Id": entry["Id"], **why} for entry in failed]})


def some_keys(params: Params) -> Part | None:
    """Let BatchGetItem leave some keys unread. Return None if there is only one key, or if there are several tables.

    Read at least one key: if AWS cannot read any key, its answer is a throttling error, not a partial answer.
    """
    tables = params["RequestItems"]
    if len(tables) > 1:
        return None
    [(table, request)] = tables.items()
    if len(request["Keys"]) < 2:
        return None
    done, rest = _split(request["Keys"], fewest=1)
    return Part(
        {"RequestItems": {table: {**request, "Keys": done}}},
        {"UnprocessedKeys": {table: {**request, "Keys": rest}}},
    )


def short_page(params: Params) -> Part | None:
    """End the page of a Query or Scan after one item, as AWS may end a page early. None if Limit is 1 already."""
    return None if params.get("Limit") == 1 else Part({"Limit": 1})


def _split(entries: Sequence[Entry], fewest: int) -> tuple[list[Entry], list[Entry]]:
    """Split the entries at random. Return those to handle, at least `fewest`, and those to leave out, at least one."""
    shuffled = random.sample(list(entries), len(entries))
    number = random.randint(fewest, len(entries) - 1)
    return shuffled[:number], shuffled[number:]
