"""Fixtures: a site that has everything the requests need."""

from collections.abc import Iterator

import pytest

from tests.fake_site import FakeSite
from tests.openapi.stored import stored_items
from tests.signin.fake_provider import run_provider


@pytest.fixture
def site(fake_site: FakeSite, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSite]:
    """A site with petitions in every state and a sign-in provider. Alice has signed the open petition."""
    # A copy of each item, because the requests change them.
    fake_site.tables.items = {key: dict(item) for key, item in stored_items().items()}
    with run_provider(monkeypatch):
        yield fake_site
