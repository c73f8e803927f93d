"""Fixtures of AWS."""

from collections.abc import Iterator

import pytest

from tests.aws.stubbed import Played


@pytest.fixture
def played() -> Iterator[Played]:
    played = Played()
    with played.stub:
        yield played
        played.stub.assert_no_pending_responses()
