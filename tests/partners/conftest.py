"""A partner, Oak, and how it imports files."""

from pathlib import Path

import pytest

from chalicelib.partners.model import Partner
from chalicelib.petitions.model import Petition
from tests.fakes import FakeBucket, FakeTables
from tests.importing import Importing
from tests.partnering import a_partner


@pytest.fixture
def oak(tables: FakeTables) -> Partner:
    """A partner whose signatures count at once."""
    return a_partner(tables)


@pytest.fixture
def importing(tables: FakeTables, petition: Petition, oak: Partner, tmp_path: Path) -> Importing:
    return Importing(tables, FakeBucket(), petition, oak, tmp_path)
