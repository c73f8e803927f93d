"""A list costs about one AWS call per 100 items, and none for each petition."""

from collections import Counter

import pytest

from chalicelib.core.caching import forget_all
from chalicelib.core.rights import Right
from tests.actors import ALICE, NOW, a_petition, a_published_petition, bobs_token, confirmed, identity_of
from tests.asking import ask
from tests.fake_site import FakeSite

STAFF, ALICES_ADDRESS = "/api/staff", {"email": ALICE.email}
ACCESS = f"{STAFF}/people/safe-children/{{alice}}/access"


@pytest.mark.parametrize(
    ("method", "path", "body", "more"),
    [
        ("GET", "/", None, 1),
        # It reads 4 buckets and 3 shards of each petition.
        ("GET", f"{STAFF}/petitions", None, 8),
        ("GET", f"{STAFF}/health", None, 2),
        ("POST", f"{STAFF}/people/find", ALICES_ADDRESS, 1),
        ("POST", ACCESS, None, 2),
    ],
)
def test_a_list_costs_about_one_call_per_100_items(
    fake_site: FakeSite, method: str, path: str, body: object, more: int
) -> None:
    """101 petitions need `more` calls more than one petition."""
    token, url = bobs_token(fake_site.tables, NOW, *Right), path.format(alice=identity_of(a_petition()))
    calls = []
    for slugs in (["safe-children"], [f"petition-{number}" for number in range(100)]):
        for slug in slugs:
            confirmed(fake_site.tables, a_published_petition(fake_site.tables, slug=slug, opened_at=NOW))
        # The first closes past days. The second reads them, and the process keeps them.
        for _ in range(3):
            if path == "/":
                forget_all()
            fake_site.tables.calls.clear()
            assert ask(fake_site, token, method, url, body).status_code == 200
        calls.append(Counter(fake_site.tables.calls))
    assert calls[1] == calls[0] + Counter(batch_get=more)
