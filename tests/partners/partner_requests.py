"""Requests of partners, and of staff about partners, with the expected status (tests/openapi)."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from chalicelib.core import keys
from chalicelib.jobs.model import JobState
from chalicelib.partners.form import MAX_BODY_KB
from chalicelib.partners.imports.model import MAX_DIRECT_KB, Import, Shape
from tests.actors import NOW
from tests.fakes import FakeTables
from tests.openapi.cases import refused_bodies
from tests.partnering import sent_of

SIGNATURES_ROUTE = "/api/partner/petitions/{slug}/signatures"
OAKS_HEADERS = {"Authorization": "Bearer <oak>", "Content-Type": "application/json"}


def of_partners(ask: Callable[..., Any]) -> Iterator[Any]:
    def post(status: int, body: bytes, slug: str = "safe-children") -> Any:
        return ask(status, "POST", SIGNATURES_ROUTE, SIGNATURES_ROUTE.format(slug=slug), body, OAKS_HEADERS)

    valid_body = json.dumps({"signatures": [sent_of()]}).encode()
    yield from (post(status, valid_body, slug) for slug, status in SLUGS.items())
    yield post(200, json.dumps(sent_of()).encode())
    yield from refused_bodies(post(200, valid_body), MAX_BODY_KB * 1024)


SLUGS = {"safe-children": 200, "nobody": 404, "closed": 409, "removed": 410}


IMPORTS_ROUTE = "/api/staff/petitions/{slug}/imports"
UNDO_ROUTE = f"{IMPORTS_ROUTE}/{{import_id}}/undo"
DONE_ID, DRY_RUN_ID = "safe-children.done", "safe-children.dry"


def of_imports(staff: Callable[..., Any]) -> Iterator[Any]:
    def start(status: int, query: str = "?partner=partner-oak", slug: str = "safe-children", **more: Any) -> Any:
        sent = {"body": b"email,name\n", "kind": "text/csv", **more}
        return staff("POST", status, IMPORTS_ROUTE, f"{IMPORTS_ROUTE.format(slug=slug)}{query}", **sent)

    yield start(202)
    yield start(404, slug="nobody")
    yield start(404, "?partner=partner-nobody")
    yield start(409, slug="a-draft")
    yield start(413, body=b"a" * (MAX_DIRECT_KB * 1024 + 1))
    yield start(415, kind="application/json")
    yield start(422, "?partner=partner-oak&mapping=%7B%22x%22%3A%22y%22%7D")
    yield staff("POST", 409, UNDO_ROUTE, UNDO_ROUTE.format(slug="safe-children", import_id=DRY_RUN_ID))


def add_imports(tables: FakeTables) -> None:
    """Store an import that is done, a dry run, and an import that waits."""
    for import_id in (DONE_ID, DRY_RUN_ID, "lettered.waiting"):
        job = Import(
            job_id=import_id,
            requested_by="bob",
            requested_at=NOW,
            touched_at=NOW,
            state=JobState.WAITING if import_id.endswith("waiting") else JobState.DONE,
            partner="partner-oak",
            dry_run=import_id == DRY_RUN_ID,
            shape=Shape(encoding="utf-8", delimiter=",", columns={"email": ["Email"]}),
        )
        tables.put(keys.job("import", job.job_id), job.model_dump(exclude_none=True))


def of_osdi(ask: Callable[..., Any]) -> Iterator[Any]:
    entry_route, petition_route = "/api/osdi", "/api/osdi/petitions/{slug}"
    record_route = f"{petition_route}/record"
    yield ask(200, "GET", entry_route, entry_route, headers=OAKS_HEADERS)
    for query, status in {"": 200, "?page=2": 200, "?page=0": 400}.items():
        yield ask(status, "GET", f"{entry_route}/petitions", f"{entry_route}/petitions{query}", headers=OAKS_HEADERS)
    for slug, status in SLUGS.items():
        if slug != "closed":
            yield ask(status, "GET", petition_route, petition_route.format(slug=slug), headers=OAKS_HEADERS)
        yield ask(status, "POST", record_route, record_route.format(slug=slug), OSDI_BODY, OAKS_HEADERS)
    path = record_route.format(slug="safe-children")
    for body, status in {b"{": 400, b"[]": 400, b"a" * 16_385: 413}.items():
        yield ask(status, "POST", record_route, path, body, OAKS_HEADERS)
    yield ask(415, "POST", record_route, path, OSDI_BODY, {**OAKS_HEADERS, "Content-Type": "text/plain"})


OSDI_BODY = json.dumps(
    {"person": {"given_name": "Alice", "email_addresses": [{"address": "alice@mail.example"}]}, "identifiers": ["x"]}
).encode()
