"""A partner, Oak."""

import pytest

from chalicelib.partners.model import Partner
from tests.fakes import FakeTables
from tests.partnering import a_partner


@pytest.fixture
def oak(tables: FakeTables) -> Partner:
    """A partner whose signatures count at once."""
    return a_partner(tables)
