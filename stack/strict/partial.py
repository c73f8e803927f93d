"""Answer calls partially, as AWS may: carry out a part of the call, and name the rest in the answer.

Each function takes the parameters of a call, and returns what to do and what to add to the answer.
"""

import json
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from stack.strict.http import HttpResponse

Params = Mapping[str, Any]
Entry = TypeVar("Entry")
_CHECKSUM = "x-amz-crc32"


@dataclass(frozen=True)
class PartialAnswer:
    """`params`: parameters for the emulator; None: do not call it. `added`: JSON fields to add to the answer."""

    params: Params | None
    added: Mapping[str, Any]

    async def carry_out(self, perform: Callable[[Params | None], Awaitable[HttpResponse]]) -> HttpResponse:
        """Let the emulator carry out `params`, if there are any. Return its answer with the added fields."""
        if self.params is None:
            return HttpResponse(200, json.dumps(self.added).encode(), {"content-type": "application/x-amz-json-1.0"})
        answer = await perform(self.params)
        if answer.status != 200 or not self.added:
            return answer
        body = {**json.loads(answer.body), **self.added}
        headers = dict(answer.headers)
        headers.pop(_CHECKSUM, None)  # The emulator's checksum is that of the body without the added fields.
        return HttpResponse(200, json.dumps(body).encode(), headers)


def some_entries(params: Params) -> PartialAnswer:
    """Let some or all entries of an SQS batch call fail; the answer lists them in Failed."""
    done, failed = _split(params["Entries"], fewest=0)
    why = {"SenderFault": False, "Code": "InternalError", "Message": "Try again."}
    failures = [{"Id": entry["Id"], **why} for entry in failed]
    if not done:  # The emulator is not called, so its answer cannot provide Successful, which AWS always sends.
        return PartialAnswer(None, {"Successful": [], "Failed": failures})
    return PartialAnswer({**params, "Entries": done}, {"Failed": failures})


def some_keys(params: Params) -> PartialAnswer | None:
    """Let BatchGetItem leave some keys unread, in UnprocessedKeys. Return None if there is only one key.

    Also return None for several tables, because our code never reads several tables in one call. Read at least one key:
    if AWS cannot read any key, its answer is a throttling error, not a partial answer.
    """
    tables = params["RequestItems"]
    if len(tables) > 1:
        return None
    [(table, request)] = tables.items()
    if len(request["Keys"]) < 2:
        return None
    done, rest = _split(request["Keys"], fewest=1)
    return PartialAnswer(
        {**params, "RequestItems": {table: {**request, "Keys": done}}},
        {"UnprocessedKeys": {table: {**request, "Keys": rest}}},
    )


def short_page(params: Params) -> PartialAnswer | None:
    """End the page of a Query or Scan after one item, as AWS may end a page early. Return None if Limit is 1 already.

    The answer needs no addition: the emulator's LastEvaluatedKey says where the page ends.
    """
    if params.get("Limit") == 1:
        return None
    return PartialAnswer({**params, "Limit": 1}, {})


def _split(entries: Sequence[Entry], fewest: int) -> tuple[list[Entry], list[Entry]]:
    """Split the entries at random. Return those to handle, at least `fewest`, and those to leave out, at least one."""
    shuffled = random.sample(list(entries), len(entries))
    number = random.randint(fewest, len(entries) - 1)
    return shuffled[:number], shuffled[number:]
