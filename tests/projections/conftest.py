"""A site with three confirmed signatures."""

import pytest

from chalicelib.petitions.model import Petition
from chalicelib.signatures.withdraw import withdraw
from tests.actors import ALICE, BOB, CHARLIE, DAY, NOW, confirmed, key_of
from tests.fake_site import FakeSite


@pytest.fixture
def signed_site(fake_site: FakeSite, petition: Petition) -> FakeSite:
    """Alice and Bob confirm on the 24th, Charlie on the 25th. Charlie withdraws on the 26th."""
    confirmed(fake_site.tables, petition, ALICE, NOW, country="NL", source="bbc")
    confirmed(fake_site.tables, petition, BOB, NOW)
    charlies_id = confirmed(fake_site.tables, petition, CHARLIE, NOW + DAY)
    withdraw(key_of(petition, charlies_id), petition, NOW + 2 * DAY, fake_site.tables)
    fake_site.clock.moment = NOW + 2 * DAY
    return fake_site
