"""A fake provider for each test, with empty caches."""

from collections.abc import Iterator

import pytest

from chalicelib.signin.provider import forget_provider
from tests.signin.issuing import Issuing, issuing


@pytest.fixture
def site() -> Iterator[Issuing]:
    forget_provider()
    with issuing() as running:
        yield running
    forget_provider()
