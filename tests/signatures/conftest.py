"""Fixtures for the tests of signatures."""

import pytest

from chalicelib.petitions.model import Petition
from tests.fake_site import FakeSite
from tests.letters.lettering import a_petition_with_a_letter


@pytest.fixture
def letter_petition(fake_site: FakeSite) -> Petition:
    """A published petition with a letter to the Home Secretary."""
    return a_petition_with_a_letter(fake_site)
