"""Fixtures of AWS."""

from collections.abc import Iterator

import pytest

from tests.aws.stubbed import StubbedDynamodb


@pytest.fixture
def dynamodb() -> Iterator[StubbedDynamodb]:
    dynamodb = StubbedDynamodb()
    with dynamodb.stub:
        yield dynamodb
        dynamodb.stub.assert_no_pending_responses()
