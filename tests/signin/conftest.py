"""A fake provider for each test, with empty caches."""

from collections.abc import Iterator

import pytest

from chalicelib.signin.provider import forget_provider
from tests.signin.fake_provider import FakeProvider, a_fake_provider


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    forget_provider()
    with a_fake_provider() as provider:
        yield provider
    forget_provider()
