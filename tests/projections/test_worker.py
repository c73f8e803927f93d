"""The function that projects signatures, with and without the charity's table of constituencies."""

from typing import Any

import pytest

from chalicelib.petitions.model import Petition
from chalicelib.projections.breakdowns import pending_count
from chalicelib.projections.dimensions import confirmed_by_constituency
from chalicelib.signatures.withdraw import withdraw
from tests.actors import ALICE, BOB, CHARLIE, NOW, confirmed, identity_of, item_of, key_of
from tests.fake_site import FakeSite, a_fake_site, stream_event, wire
from tests.fakes import FakeTables
from tests.located import give_table
from tests.streaming import Streaming

NEW_STREAM = "arn:aws:dynamodb:eu-west-2:1:table/signatures/stream/2026-12-01T08:00:00.000"


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


def a_pending_item(petition: Petition, tables: FakeTables) -> dict[str, Any]:
    """Return Alice's signature as it was before she confirmed it, in a bucket that has counted changes."""
    return {**item_of(tables, petition, identity_of(petition)), "state": "pending"}


def project_stream(site: FakeSite) -> None:
    assert isinstance(site.tables, Streaming)
    site.invoke("project_signatures", stream_event(site.tables.log, site.tables.times_by_sequence))


def test_the_changes_of_a_restored_table_are_counted(petition: Petition, streaming_site: FakeSite) -> None:
    """The restored table has a new stream. Its sequence numbers may be smaller than those of the old one."""
    project_stream(streaming_site)
    pending_signature = a_pending_item(petition, streaming_site.tables)
    event = stream_event([("0", None, pending_signature)])
    event["Records"][0]["eventSourceARN"] = NEW_STREAM
    for _ in range(2):
        streaming_site.invoke("project_signatures", event)
        assert pending_count(petition.slug, streaming_site.tables) == 1


def test_with_a_table_confirmed_signatures_are_counted_by_constituency(
    streaming_site: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_table(monkeypatch)
    for _ in range(2):
        project_stream(streaming_site)
        counted = confirmed_by_constituency("safe-children", streaming_site.tables)
        assert counted == {"k.Upper Zed": 1, "k.abroad": 1, "k.Lower Zed": 0}
