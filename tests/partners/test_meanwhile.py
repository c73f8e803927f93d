"""Two things happen to Alice's signature at once: one of them before each call to the table that the other makes."""

from collections.abc import Callable

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.partners.model import CountsWhen, ReceiveOutcome
from chalicelib.petitions.model import Petition
from chalicelib.signatures.confirm import confirm, read_corrections
from chalicelib.signatures.withdraw import take_back, withdraw
from chalicelib.tallies.count import exact_count
from tests.actors import ALICE, DAY, MINUTE, NOW, Person, confirmed, identity_of, item_of, key_of, signed, subject_of
from tests.fakes import FakeTables
from tests.partnering import a_partner, receive, sent_of

IN_THE_FILE = Person("Al in the file", ALICE.email)
MOST_CALLS = 12


class Interrupted(FakeTables):
    """Tables that somebody else uses before a call. `left`: how many calls until then."""

    def __init__(self) -> None:
        super().__init__()
        self.left = 0
        self.interrupt: Callable[[], object] = lambda: None

    def _called(self, name: str) -> None:
        self.left -= 1
        if self.left == 0:
            self.interrupt()
        super()._called(name)


@pytest.fixture
def tables() -> Interrupted:
    return Interrupted()


def send_alice(tables: Interrupted, petition: Petition, counts: CountsWhen, at: int) -> ReceiveOutcome:
    """Send Alice, and again if the call is refused. Return the result."""
    oak = a_partner(tables, counts)
    tables.left = at
    for _ in range(3):
        try:
            [result] = receive(tables, petition, oak, sent_of(IN_THE_FILE))
        except Unavailable:
            continue
        return result.outcome
    raise AssertionError("refused three times")


@pytest.mark.parametrize("counts", CountsWhen)
@pytest.mark.parametrize("at", range(1, MOST_CALLS))
def test_who_withdraws_during_the_call_stays_withdrawn(
    tables: Interrupted, petition: Petition, counts: CountsWhen, at: int
) -> None:
    key = key_of(petition, confirmed(tables, petition))
    tables.interrupt = lambda: withdraw(key, petition, NOW, tables)
    result = send_alice(tables, petition, counts, at)
    if tables.left > 0:  # The partner's call made fewer calls.
        tables.interrupt()
    item = item_of(tables, petition, identity_of(petition))
    assert (item["state"], item.get("name")) == ("withdrawn", None)
    assert result in (ReceiveOutcome.SUPPRESSED, ReceiveOutcome.EXISTING)
    assert exact_count(petition, NOW, tables).confirmed == 0


@pytest.mark.parametrize("signs_before", [True, False])
@pytest.mark.parametrize("at", range(1, MOST_CALLS))
def test_who_signs_here_during_the_call_counts_under_the_partners_name(
    tables: Interrupted, petition: Petition, at: int, signs_before: bool
) -> None:
    """The typed name waits for the owner, who may confirm it."""
    if signs_before:
        signed(tables, petition)
    tables.interrupt = lambda: signed(tables, petition, Person("Alice A.", ALICE.email), NOW + MINUTE)
    send_alice(tables, petition, CountsWhen.AT_ONCE, at)
    if tables.left > 0:
        tables.interrupt()
    item = item_of(tables, petition, identity_of(petition))
    assert (item["state"], item["name"], item["typed"]["name"]) == ("confirmed", IN_THE_FILE.name, "Alice A.")
    assert exact_count(petition, NOW + DAY, tables).confirmed == 1


@pytest.mark.parametrize("at", range(1, MOST_CALLS))
def test_what_the_owner_confirms_during_an_undo_stays(tables: Interrupted, petition: Petition, at: int) -> None:
    """Also where she confirms just what the file had: the undo takes away only what nobody has confirmed."""
    key = key_of(petition, signed(tables, petition))
    for source in ("partner-oak", "partner-elm"):
        partner = a_partner(tables, source=source)
        receive(tables, petition, partner, sent_of(IN_THE_FILE, source, consent={"updates": True}))
    receipt = item_of(tables, petition, key.sk)["confirmed_with"]
    tables.interrupt = lambda: take_back(key, receipt, petition, NOW, tables)
    tables.left = at
    corrections = read_corrections({"name": IN_THE_FILE.name, "updates": "yes"}, "GB")
    confirm(subject_of(petition, key.sk), corrections, petition, NOW, tables, issued=NOW)
    if tables.left > 0:
        tables.interrupt()
    item = item_of(tables, petition, key.sk)
    assert (item["state"], item["name"], item["updates"]) == ("confirmed", IN_THE_FILE.name, True)
    count = exact_count(petition, NOW, tables)
    assert (count.confirmed, count.by_partners) == (1, 0)
