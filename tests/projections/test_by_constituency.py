"""Confirmed by constituency, version and postcode area: once for each signature, in small items, with the rest."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, strategies as st

from chalicelib.petitions.constituency_table import Constituencies, pack
from chalicelib.petitions.model import Petition
from chalicelib.projections.breakdowns import pending_count
from chalicelib.projections.changes import constituency_increments, project
from chalicelib.projections.dimensions import (
    CONSTITUENCY_PREFIX,
    Dimension,
    confirmed_by_constituency,
    constituency_of,
    counter_of,
    rows_by,
)
from chalicelib.signatures.withdraw import withdraw
from tests.actors import ALICE, BOB, CHARLIE, NOW, confirmed, identity_of, item_of, key_of
from tests.fake_site import FakeSite, a_fake_site, stream_event, wire
from tests.fakes import FakeTables
from tests.located import give_table
from tests.streaming import Streaming

TABLE = Constituencies(pack({"ZZ1 1AA": "Upper Zed", "ZZ1 1AC": "Lower Zed"}))
SLUG = "safe-children"


@pytest.mark.parametrize(
    ("signature", "constituency"),
    [
        ({"country": "GB", "postcode": "ZZ1 1AA"}, "Upper Zed"),
        ({"country": "GB", "postcode": "ZZ1 1AB"}, "unknown"),
        ({"country": "GB"}, "none"),
        ({"country": "NL", "postcode": "1011 AB"}, "abroad"),
        ({"country": "NL"}, "abroad"),
    ],
)
def test_a_signature_has_one_constituency(signature: dict[str, str], constituency: str) -> None:
    assert constituency_of(signature, TABLE) == constituency


def test_a_corrected_postcode_changes_both_constituencies_of_one_counter(tables: FakeTables) -> None:
    """A counter applies a change once, so both numbers must be in one increment."""
    first, *others = (f"Zed {number}" for number in range(40))
    counter = counter_of(SLUG, "02", first)
    second = next(name for name in others if counter_of(SLUG, "02", name) == counter)
    table = Constituencies(pack({"ZZ1 1AA": first, "ZZ1 1AC": second}))
    before = an_image("confirmed", "ZZ1 1AA", "GB")
    after = an_image("confirmed", "ZZ1 1AC", "GB")
    project(constituency_increments("1", None, before, table), tables)
    project(constituency_increments("2", before, after, table), tables)
    assert confirmed_by_constituency(SLUG, tables) == {CONSTITUENCY_PREFIX + first: 0, CONSTITUENCY_PREFIX + second: 1}


def an_image(state: str, postcode: str, country: str) -> dict[str, Any]:
    return {"pk": f"{SLUG}#02", "sk": "x", "state": state, "country": country, "postcode": postcode}


@pytest.mark.parametrize(("name", "length"), [("E140{:05}", 9), ("A name of twenty {:03}", 20)])
def test_counters_with_all_650_constituencies_stay_small(name: str, length: int) -> None:
    """Each kilobyte started costs a write unit for each confirmation."""
    names = [name.format(number) for number in range(650)]
    names_by_counter = Counter(counter_of("a-slug-of-some-length", "02", each).sk for each in names)
    most_names = max(names_by_counter.values())
    bytes_of_a_number, bytes_of_key_and_position = 4, 130
    bytes_of_a_name = len(CONSTITUENCY_PREFIX) + length
    size = most_names * (bytes_of_a_name + bytes_of_a_number) + bytes_of_key_and_position
    limit = 1024 if length < 10 else 2048
    assert size < limit


NAMES = st.sampled_from(["pending", "v.one", "v.two", "a.SW", "a.BT", "a.none", "a.abroad"])


@given(st.dictionaries(NAMES, st.integers(-3, 9)), st.integers(0, 50), st.sampled_from(Dimension))
def test_the_rows_always_sum_to_confirmed(numbers: dict[str, int], confirmed: int, by: Dimension) -> None:
    rows = rows_by(by, Counter(numbers), confirmed)
    assert sum(rows.values()) == confirmed
    assert 0 not in rows.values()


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


def project_stream(site: FakeSite) -> None:
    assert isinstance(site.tables, Streaming)
    site.invoke("project_signatures", stream_event(site.tables.log, site.tables.times_by_sequence))


def test_the_changes_of_a_restored_table_are_counted(petition: Petition, streaming_site: FakeSite) -> None:
    """The restored table has a new stream. Its sequence numbers may be smaller than those of the old one."""
    project_stream(streaming_site)
    # Alice's signature as it was before she confirmed it, in a bucket that has counted changes.
    pending = {**item_of(streaming_site.tables, petition, identity_of(petition)), "state": "pending"}
    event = stream_event([("0", None, pending)])
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
