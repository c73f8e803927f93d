"""Requests about lists, with the expected status (tests/openapi)."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from chalicelib.core import keys
from tests.actors import NOW
from tests.exports.subscribers.listing import RECIPIENT, SLUG, a_list
from tests.fakes import FakeTables

LISTS_ROUTE, LIST_ROUTE = "/api/staff/petitions/{slug}/lists", "/api/staff/lists/{list_id}"
FILE_ROUTE = f"{LIST_ROUTE}/file"
RESULT = {"file": "files/x/file", "size": 1, "sha256": "ab" * 32, "finished_at": NOW}


def of_lists(staff: Callable[..., Any]) -> Iterator[Any]:
    valid_body = json.dumps({"recipient": RECIPIENT}).encode()
    yield staff("POST", 409, LISTS_ROUTE, LISTS_ROUTE.format(slug=SLUG), valid_body)
    for name, status in {"old": 410, "20261124T120000Z-00000001": 409}.items():
        yield staff("GET", status, FILE_ROUTE, FILE_ROUTE.format(list_id=f"{SLUG}.{name}"))


def add_lists(tables: FakeTables) -> None:
    """Store a list that is done, one that has expired, and one that waits."""
    waiting = a_list(tables)
    for name, age in {"done": timedelta(), "old": timedelta(days=8)}.items():
        changes = {"job_id": f"{SLUG}.{name}", "requested_at": NOW - age, "touched_at": NOW - age, "state": "done"}
        job = type(waiting).model_validate({**waiting.model_dump(), **changes, "result": RESULT})
        tables.put(keys.job("list", job.job_id), job.model_dump(exclude_none=True))
