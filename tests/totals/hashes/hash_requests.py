"""Requests about hashes, with the expected status (tests/openapi)."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from tests.fakes import FakeBucket, FakeTables
from tests.totals.hashes.hashing import HASHES, SLUG, SOURCE, a_comparison, hashes_of

KEYS_ROUTE, COMPARISONS_ROUTE = "/api/staff/petitions/{slug}/hash-keys", "/api/staff/petitions/{slug}/comparisons"
RUNNING_ID = f"{SLUG}.running"
FIGURES_ROUTE = "/api/staff/petitions/{slug}/figures"


def of_hashes(staff: Callable[..., Any]) -> Iterator[Any]:
    body_of_key = json.dumps({"source": SOURCE}).encode()
    for slug, issue_status, list_status in (("safe-children", 201, 200), ("nobody", 404, 404)):
        yield staff("POST", issue_status, KEYS_ROUTE, KEYS_ROUTE.format(slug=slug), body_of_key)
        yield staff("GET", list_status, COMPARISONS_ROUTE, COMPARISONS_ROUTE.format(slug=slug))
    for body, status in {b"{": 400, b"a" * 16_385: 413, b"{}": 422}.items():
        yield staff("POST", status, KEYS_ROUTE, KEYS_ROUTE.format(slug="closed"), body)
    yield staff("POST", 415, KEYS_ROUTE, KEYS_ROUTE.format(slug="closed"), body_of_key, "text/plain")
    for job_id, status in {RUNNING_ID: 200, f"{SLUG}.nobody": 404, "closed.nobody": 404}.items():
        path = f"{COMPARISONS_ROUTE.format(slug=SLUG)}/{job_id}"
        yield staff("DELETE", status, f"{COMPARISONS_ROUTE}/{{comparison_id}}", path)
    hashes = json.dumps({**HASHES, "hashes": ["ab" * 16]}).encode()
    yield staff("POST", 409, FIGURES_ROUTE, FIGURES_ROUTE.format(slug="safe-children"), hashes)


def add_hashes(tables: FakeTables) -> None:
    """Store a comparison that runs."""
    a_comparison(tables, FakeBucket(), hashes_of(tables, ["alice@mail.example"]), job_id=RUNNING_ID)
