"""The function that projects signatures, with and without the charity's table of constituencies."""

import pytest

from chalicelib.petitions.model import Petition
from chalicelib.projections.by_constituency import confirmed_by_constituency
from chalicelib.signatures.withdraw import withdraw
from tests.actors import ALICE, BOB, CHARLIE, NOW, confirmed, key_of
from tests.fake_site import FakeSite, a_fake_site, stream_event, wire
from tests.located import give_table, remove_table
from tests.streaming import Streaming


@pytest.fixture
def streaming_site(petition: Petition, monkeypatch: pytest.MonkeyPatch) -> FakeSite:
    """Alice in Upper Zed, Bob in the Netherlands, Charlie in Lower Zed until he withdraws."""
    tables = Streaming()
    site = a_fake_site(tables)
    wire(site, monkeypatch)
    confirmed(tables, petition, ALICE, postcode="ZZ1 1AA")
    confirmed(tables, petition, BOB, country="NL")
    charlies_id = confirmed(tables, petition, CHARLIE, postcode="ZZ9 9ZZ")
    withdraw(key_of(petition, charlies_id), petition, NOW, tables)
    return site


def project_stream(site: FakeSite) -> None:
    assert isinstance(site.tables, Streaming)
    site.invoke("project_signatures", stream_event(site.tables.log, site.tables.times_by_sequence))


def test_with_a_table_confirmed_signatures_are_counted_by_constituency(
    streaming_site: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_table(monkeypatch)
    for _ in range(2):
        project_stream(streaming_site)
        counted = confirmed_by_constituency("safe-children", streaming_site.tables)
        assert counted == {"k.Upper Zed": 1, "k.abroad": 1, "k.Lower Zed": 0}


def test_without_a_table_no_constituency_is_written(streaming_site: FakeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    remove_table(monkeypatch)
    project_stream(streaming_site)
    assert not [key for key in streaming_site.tables.items if key.pk.startswith("CONSTITUENCIES#")]
