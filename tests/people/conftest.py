"""Bob's token."""

import pytest

from chalicelib.core.rights import Right
from tests.actors import NOW, bobs_token
from tests.fake_site import FakeSite


@pytest.fixture
def bob(fake_site: FakeSite) -> str:
    return bobs_token(fake_site.tables, NOW, Right.PEOPLE)
