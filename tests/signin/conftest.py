"""A provider of our own making for each test, and a process that has never heard of it."""

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
