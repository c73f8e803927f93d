"""Requests about hashes, with the expected status (tests/openapi)."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from tests.fakes import FakeBucket, FakeTables
from tests.totals.hashes.hashing import HASHES, SLUG, SOURCE, a_comparison, hashed

KEYS, COMPARISONS = "/api/staff/petitions/{slug}/hash-keys", "/api/staff/petitions/{slug}/comparisons"
RUNNING = f"{SLUG}.running"
FIGURES = "/api/staff/petitions/{slug}/figures"


def of_hashes(staff: Callable[..., Any]) -> Iterator[Any]:
    wanted = json.dumps({"source": SOURCE}).encode()
    for slug, issued, listed in (("safe-children", 201, 200), ("nobody", 404, 404)):
        yield staff("POST", issued, KEYS, KEYS.format(slug=slug), wanted)
        yield staff("GET", listed, COMPARISONS, COMPARISONS.format(slug=slug))
    bodies = {b"{": 400, b"a" * 16_385: 413, b"{}": 422}
    yield from (staff("POST", status, KEYS, KEYS.format(slug="closed"), body) for body, status in bodies.items())
    yield staff("POST", 415, KEYS, KEYS.format(slug="closed"), wanted, "text/plain")
    for job_id, status in {RUNNING: 200, f"{SLUG}.nobody": 404, "closed.nobody": 404}.items():
        yield staff("DELETE", status, f"{COMPARISONS}/{{comparison_id}}", f"{COMPARISONS.format(slug=SLUG)}/{job_id}")
    hashes = json.dumps({**HASHES, "hashes": ["ab" * 16]}).encode()
    yield staff("POST", 409, FIGURES, FIGURES.format(slug="safe-children"), hashes)


def add_hashes(tables: FakeTables) -> None:
    """Store a comparison that runs."""
    a_comparison(tables, FakeBucket(), hashed(tables, ["alice@mail.example"]), job_id=RUNNING)
