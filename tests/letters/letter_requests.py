"""Requests for tests/openapi: each status that the document describes for the staff routes of letters."""

from collections.abc import Callable, Iterator
from typing import Any

from tests.actors import a_published_petition
from tests.fakes import FakeTables
from tests.letters.lettering import LETTER

LETTERS_ROUTE = "/api/staff/petitions/{slug}/letters"
TARGET_ROUTE = f"{LETTERS_ROUTE}/{{target}}"
LETTERS_PATH = "/api/staff/petitions/lettered/letters"


def add_a_letter(tables: FakeTables) -> None:
    a_published_petition(tables, slug="lettered", letter=LETTER)


def of_staff(staff: Callable[..., Any]) -> Iterator[Any]:
    for slug, status in {"lettered": 200, "safe-children": 200, "nobody": 404}.items():
        yield staff("GET", status, LETTERS_ROUTE, LETTERS_ROUTE.format(slug=slug))
    for verb in ("pause", "resume"):
        for target, status in {"home-secretary": 200, "nobody": 404}.items():
            yield staff("POST", status, f"{TARGET_ROUTE}/{verb}", f"{LETTERS_PATH}/{target}/{verb}")
    test_route, valid_body = f"{TARGET_ROUTE}/test", b'{"email": "bob@charity.example"}'
    for body, status in {valid_body: 202, b"{": 400, b"a" * 16_385: 413, b'{"email": "bob"}': 422}.items():
        yield staff("POST", status, test_route, f"{LETTERS_PATH}/home-secretary/test", body)
    yield staff("POST", 404, test_route, f"{LETTERS_PATH}/nobody/test", valid_body)
    yield staff("POST", 415, test_route, f"{LETTERS_PATH}/home-secretary/test", valid_body, "text/plain")
