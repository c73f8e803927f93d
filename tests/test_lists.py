"""A list costs as many AWS calls for many petitions as for one."""

import json
from collections.abc import Callable

import pytest

from chalicelib.core.rights import Right
from chalicelib.petitions.find import forget_petitions
from tests.actors import NOW, a_petition, a_published_petition, bobs_token, confirmed, identity_of
from tests.served import JSON, Served

PEOPLE = "/api/staff/people"


def home(served: Served, token: str) -> int:
    forget_petitions()
    return served.get("/").status_code


def overview(served: Served, token: str) -> int:
    return served.get("/api/staff/petitions", authorization=token).status_code


def health(served: Served, token: str) -> int:
    return served.get("/api/staff/health", authorization=token).status_code


def find(served: Served, token: str) -> int:
    body = json.dumps({"email": "alice.achterberg@mail.example"}).encode()
    return served.post(f"{PEOPLE}/find", body, JSON, authorization=token).status_code


def access(served: Served, token: str) -> int:
    path = f"{PEOPLE}/safe-children/{identity_of(a_petition())}/access"
    return served.post(path, b"", JSON, authorization=token).status_code


@pytest.mark.parametrize("ask", [home, overview, health, find, access])
def test_a_list_of_many_costs_the_calls_of_a_list_of_one(served: Served, ask: Callable[[Served, str], int]) -> None:
    token = f"Bearer {bobs_token(served.tables, NOW, *Right)}"
    calls = []
    for slug in ("safe-children", "another", "a-third"):
        confirmed(served.tables, a_published_petition(served.tables, slug=slug))
        ask(served, token)
        served.tables.calls.clear()
        assert ask(served, token) == 200
        calls.append(list(served.tables.calls))
    assert calls[0] == calls[1] == calls[2]
