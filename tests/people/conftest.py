"""Fixture of the tests of staff who help people."""

import pytest

from chalicelib.core.rights import Right
from tests.actors import NOW, bobs_token
from tests.fake_site import FakeSite


@pytest.fixture
def token(fake_site: FakeSite) -> str:
    """Bob's token."""
    return bobs_token(fake_site.tables, NOW, Right.PEOPLE)
