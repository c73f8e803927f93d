"""A list costs about one AWS call per 100 items, and none for each petition."""

import json
from collections import Counter
from collections.abc import Callable

import pytest

from chalicelib.core.rights import Right
from chalicelib.petitions.find import forget_petitions
from tests.actors import NOW, a_petition, a_published_petition, bobs_token, confirmed, identity_of
from tests.fake_site import JSON, FakeSite

PEOPLE = "/api/staff/people"


def home(fake_site: FakeSite, token: str) -> int:
    forget_petitions()
    return fake_site.get("/").status_code


def overview(fake_site: FakeSite, token: str) -> int:
    return fake_site.get("/api/staff/petitions", authorization=token).status_code


def health(fake_site: FakeSite, token: str) -> int:
    return fake_site.get("/api/staff/health", authorization=token).status_code


def find(fake_site: FakeSite, token: str) -> int:
    body = json.dumps({"email": "alice.achterberg@mail.example"}).encode()
    return fake_site.post(f"{PEOPLE}/find", body, JSON, authorization=token).status_code


def access(fake_site: FakeSite, token: str) -> int:
    path = f"{PEOPLE}/safe-children/{identity_of(a_petition())}/access"
    return fake_site.post(path, b"", JSON, authorization=token).status_code


@pytest.mark.parametrize(("ask", "more"), [(home, 1), (overview, 12), (health, 2), (find, 1), (access, 2)])
def test_a_list_costs_about_one_call_per_100_items(
    fake_site: FakeSite, ask: Callable[[FakeSite, str], int], more: int
) -> None:
    """101 petitions need `more` calls more than one petition. The overview reads 8 buckets and 3 shards of each."""
    token = f"Bearer {bobs_token(fake_site.tables, NOW, *Right)}"
    calls = []
    for slugs in (["safe-children"], [f"petition-{number}" for number in range(100)]):
        for slug in slugs:
            confirmed(fake_site.tables, a_published_petition(fake_site.tables, slug=slug, opened_at=NOW))
        ask(fake_site, token)  # The first closes past days.
        ask(fake_site, token)  # The second reads them, and the process keeps them.
        fake_site.tables.calls.clear()
        assert ask(fake_site, token) == 200
        calls.append(Counter(fake_site.tables.calls))
    assert calls[1] == calls[0] + Counter(batch_get=more)
