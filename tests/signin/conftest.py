"""A fake provider for each test, with empty caches."""

from collections.abc import Iterator

import pytest

from tests.signin.fake_provider import FakeProvider, a_fake_provider


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with a_fake_provider() as provider:
        yield provider
