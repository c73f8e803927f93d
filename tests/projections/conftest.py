"""Three confirmed signatures."""

import pytest

from chalicelib.petitions.model import Petition
from chalicelib.signatures.withdraw import withdraw
from tests.actors import ALICE, BOB, CHARLIE, DAY, NOW, confirmed, key_of
from tests.served import Served


@pytest.fixture
def three(served: Served, petition: Petition) -> Served:
    """Alice and Bob confirm on the 24th, Charlie on the 25th. Charlie withdraws on the 26th."""
    confirmed(served.tables, petition, ALICE, NOW, country="NL", source="bbc")
    confirmed(served.tables, petition, BOB, NOW)
    charlie = confirmed(served.tables, petition, CHARLIE, NOW + DAY)
    withdraw(key_of(petition, charlie), petition, NOW + 2 * DAY, served.tables)
    served.clock.moment = NOW + 2 * DAY
    return served
