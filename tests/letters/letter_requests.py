"""Requests for tests/openapi: each status that the document describes for the staff routes of letters."""

from collections.abc import Callable, Iterator
from typing import Any

from tests.actors import a_published_petition
from tests.fakes import FakeTables
from tests.letters.lettering import LETTER

LETTERS = "/api/staff/petitions/{slug}/letters"
ONE = f"{LETTERS}/{{target}}"
OURS = "/api/staff/petitions/lettered/letters"


def add_a_letter(tables: FakeTables) -> None:
    a_published_petition(tables, slug="lettered", letter=LETTER)


def of_staff(staff: Callable[..., Any]) -> Iterator[Any]:
    for slug, status in {"lettered": 200, "safe-children": 200, "nobody": 404}.items():
        yield staff("GET", status, LETTERS, LETTERS.format(slug=slug))
    for verb in ("pause", "resume"):
        for target, status in {"home-secretary": 200, "nobody": 404}.items():
            yield staff("POST", status, f"{ONE}/{verb}", f"{OURS}/{target}/{verb}")
    test, right = f"{ONE}/test", b'{"email": "bob@charity.example"}'
    for body, status in {right: 202, b"{": 400, b"a" * 16_385: 413, b'{"email": "bob"}': 422}.items():
        yield staff("POST", status, test, f"{OURS}/home-secretary/test", body)
    yield staff("POST", 404, test, f"{OURS}/nobody/test", right)
    yield staff("POST", 415, test, f"{OURS}/home-secretary/test", right, "text/plain")
