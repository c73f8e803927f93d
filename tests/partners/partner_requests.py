"""Requests of partners, and of staff about partners, with the expected status (tests/openapi)."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from chalicelib.core import keys
from chalicelib.jobs.model import JobState
from chalicelib.partners.form import MOST_BODY_KB
from chalicelib.partners.imports.model import MOST_DIRECT_KB, Import, Shape
from tests.actors import NOW
from tests.fakes import FakeTables
from tests.partnering import WORDING, sent_of

PARTNERS, TOKENS = "/api/staff/partners", "/api/staff/partners/{source}/tokens"
SIGNATURES = "/api/partner/petitions/{slug}/signatures"
NEW = {"source": "partner-elm", "name": "Elm", "counts": "at-once", "wording": WORDING, "version": "1"}
OAK = {"Authorization": "Bearer <oak>", "Content-Type": "application/json"}


def of_staff(staff: Callable[..., Any], get: Callable[..., Any], headers: dict[str, str]) -> Iterator[Any]:
    yield get(200, PARTNERS, **headers)
    bodies = {json.dumps(NEW).encode(): 201, b"{": 400, b"a" * 16_385: 413, b"{}": 422}
    yield from (staff("POST", status, PARTNERS, body=body) for body, status in bodies.items())
    yield staff("POST", 415, PARTNERS, body=b"{}", kind="text/plain")
    here = TOKENS.format(source="partner-oak")
    outcomes = {b"{}": 201, b"{": 400, b"a" * 16_385: 413, b'{"days": 0}': 422}
    yield from (staff("POST", status, TOKENS, here, body) for body, status in outcomes.items())
    yield staff("POST", 415, TOKENS, here, b"{}", "text/plain")
    yield staff("POST", 404, TOKENS, TOKENS.format(source="partner-nobody"), b"{}")


def of_partners(ask: Callable[..., Any]) -> Iterator[Any]:
    def posted(status: int, body: bytes, slug: str = "safe-children", **more: str) -> Any:
        return ask(status, "POST", SIGNATURES, SIGNATURES.format(slug=slug), body, {**OAK, **more})

    right = json.dumps({"signatures": [sent_of()]}).encode()
    yield from (posted(status, right, slug) for slug, status in SLUGS.items())
    yield posted(200, json.dumps(sent_of()).encode())
    outcomes = {b"{": 400, b"a" * (MOST_BODY_KB * 1024 + 1): 413, b"[]": 422}
    yield from (posted(status, body) for body, status in outcomes.items())
    yield posted(415, right, **{"Content-Type": "text/plain"})


SLUGS = {"safe-children": 200, "nobody": 404, "closed": 409, "removed": 410}


IMPORTS = "/api/staff/petitions/{slug}/imports"
ONE, UNDO = f"{IMPORTS}/{{import_id}}", f"{IMPORTS}/{{import_id}}/undo"
DONE, OTHER = "safe-children.done", "safe-children.nobody"


def of_imports(staff: Callable[..., Any], get: Callable[..., Any], headers: dict[str, str]) -> Iterator[Any]:
    def started(status: int, query: str = "?partner=partner-oak", slug: str = "safe-children", **more: Any) -> Any:
        sent = {"body": b"email,name\n", "kind": "text/csv", **more}
        return staff("POST", status, IMPORTS, f"{IMPORTS.format(slug=slug)}{query}", **sent)

    yield started(202)
    for slug, status in {"safe-children": 201, "nobody": 404}.items():
        yield staff("POST", status, "/api/staff/petitions/{slug}/uploads", f"/api/staff/petitions/{slug}/uploads")
    yield started(404, slug="nobody")
    yield started(404, "?partner=partner-nobody")
    yield started(409, slug="a-draft")
    yield started(413, body=b"a" * (MOST_DIRECT_KB * 1024 + 1))
    yield started(415, kind="application/json")
    yield started(422, "?partner=partner-oak&mapping=%7B%22x%22%3A%22y%22%7D")
    for slug, status in {"safe-children": 200, "nobody": 404}.items():
        yield get(status, IMPORTS, IMPORTS.format(slug=slug), **headers)
    for number, status in {DONE: 200, OTHER: 404}.items():
        where = ONE.format(slug="safe-children", import_id=number)
        yield get(status, ONE, where, **headers)
        yield staff("DELETE", status, ONE, where)
        yield staff("POST", 202 if status == 200 else 404, UNDO, f"{where}/undo")
    yield staff("POST", 409, UNDO, f"{ONE.format(slug='safe-children', import_id='safe-children.dry')}/undo")


def add_imports(tables: FakeTables) -> None:
    """Store an import that is done, and a dry run."""
    for name, dry_run in {"done": False, "dry": True}.items():
        job = Import(
            job_id=f"safe-children.{name}",
            requested_by="bob",
            requested_at=NOW,
            touched_at=NOW,
            state=JobState.DONE,
            partner="partner-oak",
            dry_run=dry_run,
            shape=Shape(encoding="utf-8", delimiter=",", columns={"email": ["Email"]}),
        )
        tables.put(keys.job("import", job.job_id), job.model_dump(exclude_none=True))


def of_osdi(ask: Callable[..., Any]) -> Iterator[Any]:
    entry, one, record = "/api/osdi", "/api/osdi/petitions/{slug}", "/api/osdi/petitions/{slug}/record"
    yield ask(200, "GET", entry, entry, headers=OAK)
    for query, status in {"": 200, "?page=2": 200, "?page=0": 400}.items():
        yield ask(status, "GET", f"{entry}/petitions", f"{entry}/petitions{query}", headers=OAK)
    for slug, status in SLUGS.items():
        if slug != "closed":
            yield ask(status, "GET", one, one.format(slug=slug), headers=OAK)
        yield ask(status, "POST", record, record.format(slug=slug), HELPER, OAK)
    here = record.format(slug="safe-children")
    for body, status in {b"{": 400, b"[]": 400, b"a" * 16_385: 413}.items():
        yield ask(status, "POST", record, here, body, OAK)
    yield ask(415, "POST", record, here, HELPER, {**OAK, "Content-Type": "text/plain"})


HELPER = json.dumps(
    {"person": {"given_name": "Alice", "email_addresses": [{"address": "alice@mail.example"}]}, "identifiers": ["x"]}
).encode()
