"""Fixtures: a site that has everything the requests need."""

from collections.abc import Iterator

import pytest

from chalicelib.signin.provider import forget_provider
from tests.fake_site import FakeSite
from tests.openapi.stored import stored_items
from tests.signin.fake_provider import CLIENT, FakeProvider, a_fake_provider


@pytest.fixture
def site(fake_site: FakeSite, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch) -> FakeSite:
    """A site with petitions in every state and a sign-in provider. Alice has signed the open petition."""
    values = {"ISSUER": provider.issuer, "CLIENT_ID": CLIENT, "CLAIM": "groups", "RIGHTS": '{"team": ["counts"]}'}
    for name, value in values.items():
        monkeypatch.setenv(f"OIDC_{name}", value)
    # A copy of each item, because the requests change them.
    fake_site.tables.items = {key: dict(item) for key, item in stored_items().items()}
    return fake_site


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeProvider]:
    forget_provider()
    with a_fake_provider() as running:
        yield running
    forget_provider()
