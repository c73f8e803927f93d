"""One engine a test process."""

from collections.abc import Iterator

import pytest

from stack.referee.engine import Engine


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    with Engine() as running:
        yield running
