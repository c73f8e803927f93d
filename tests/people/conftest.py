"""Bob's token."""

import pytest

from chalicelib.core.rights import Right
from tests.actors import NOW, bobs_token
from tests.served import Served


@pytest.fixture
def bob(served: Served) -> str:
    return bobs_token(served.tables, NOW, Right.PEOPLE)
