"""Petitions with a letter."""

import pytest

from chalicelib.petitions.model import Petition
from tests.fake_site import FakeSite
from tests.letters.lettering import a_petition_with_a_letter
from tests.located import give_members
from tests.petitions.test_members import MP


@pytest.fixture
def mp_petition(fake_site: FakeSite, monkeypatch: pytest.MonkeyPatch) -> Petition:
    """A published petition with a letter to everybody's own member of parliament."""
    give_members(monkeypatch)
    return a_petition_with_a_letter(fake_site, targets=[MP])
