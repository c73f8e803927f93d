"""`manage.py recount` and `shards`: drift is reported, and repaired only on demand."""

from datetime import timedelta

import pytest

import manage
from chalicelib.aws.table import Change
from chalicelib.core import keys
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.model import Petition
from chalicelib.projections.breakdowns import pending_count
from chalicelib.projections.changes import increments, project
from chalicelib.tallies.count import exact_count
from commands import common
from tests.actors import BOB, DAY, NOW, a_published_petition, confirmed, signed
from tests.fakes import FakeTables
from tests.streaming import Streaming

pytestmark = pytest.mark.usefixtures("commands_on_fakes")


@pytest.fixture
def slug(tables: FakeTables) -> str:
    """One signature, confirmed a day ago."""
    petition = a_published_petition(tables)
    confirmed(tables, petition, now=NOW - DAY)
    return petition.slug


def add_drift(tables: FakeTables, slug: str) -> None:
    tables.update(Change(keys.tally_shard(slug, 0, NOW.date()), add={"total": 1, "cGB": 1}))


def test_a_drift_is_reported_and_nothing_is_changed(
    slug: str, tables: FakeTables, capsys: pytest.CaptureFixture[str]
) -> None:
    add_drift(tables, slug)
    before = dict(tables.items)
    assert manage.main(["recount", slug]) == 1
    out, err = capsys.readouterr()
    assert "off by +1 in country GB" in out
    assert "off by +1 in count all" in out
    assert "--repair" in err
    assert tables.items == before


def test_a_repair_is_explicit_and_printed(slug: str, tables: FakeTables, capsys: pytest.CaptureFixture[str]) -> None:
    add_drift(tables, slug)
    assert manage.main(["recount", slug, "--repair"]) == 0
    assert "adjusting entry: total -1, cGB -1" in capsys.readouterr().out
    assert manage.main(["recount", slug]) == 0
    assert "the tally agrees" in capsys.readouterr().out


def test_a_repair_reopens_days_that_a_fast_clock_closed(
    slug: str, tables: FakeTables, capsys: pytest.CaptureFixture[str]
) -> None:
    petition = petition_as_stored(slug, tables)
    exact_count(petition, NOW + timedelta(hours=25), tables)
    confirmed(tables, petition, BOB, NOW - timedelta(minutes=10))
    assert exact_count(petition, NOW, tables).confirmed == 1
    assert manage.main(["recount", slug, "--repair"]) == 0
    assert f"reopened, because they were closed before they were over: {NOW.date()}" in capsys.readouterr().out
    assert exact_count(petition, NOW, tables).confirmed == 2
    assert exact_count(petition, NOW + timedelta(days=2), tables).confirmed == 2
    assert manage.main(["recount", slug]) == 0


def test_a_repair_without_effect_fails(
    slug: str, tables: FakeTables, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    add_drift(tables, slug)
    monkeypatch.setattr("commands.tallies.repair", lambda *_: {})
    assert manage.main(["recount", slug, "--repair"]) == 1
    assert "still wrong" in capsys.readouterr().err


def test_nothing_is_repaired_while_signatures_change(
    slug: str, tables: FakeTables, capsys: pytest.CaptureFixture[str]
) -> None:
    petition = petition_as_stored(slug, tables)
    confirmed(tables, petition, BOB)
    tables.update(Change(keys.tally_shard(slug, 0, NOW.date()), add={"cGB": 5}))
    before = dict(tables.items)
    assert manage.main(["recount", slug, "--repair"]) == 1
    out, err = capsys.readouterr()
    assert "Run it again when fewer people are signing" in out
    assert "not repaired" in err
    assert tables.items == before


def test_pending_counters_are_checked_and_repaired(
    slug: str, tables: FakeTables, capsys: pytest.CaptureFixture[str]
) -> None:
    tables.put(keys.current_numbers(slug, "00"), {"pending": 4, "projected_to": "1"})
    assert manage.main(["recount", slug]) == 1
    assert "pending 00: 4 stored, 0 found" in capsys.readouterr().out
    assert manage.main(["recount", slug, "--repair-pending"]) == 0
    assert "set: 1 of 1" in capsys.readouterr().out
    assert tables.items[keys.current_numbers(slug, "00")] == {
        "pk": "PENDING#safe-children#00",
        "sk": "COUNT",
        "pending": 0,
        "projected_to": "1",
    }


def test_a_repair_of_the_tally_leaves_the_pending_counters_because_the_stream_may_be_behind(
    petition: Petition, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = Streaming()
    a_published_petition(tables)
    monkeypatch.setattr(common, "tables", lambda: tables)
    signed(tables, petition, now=NOW - timedelta(minutes=30))
    add_drift(tables, petition.slug)
    assert manage.main(["recount", petition.slug, "--repair"]) == 1
    out, err = capsys.readouterr()
    assert "the tally agrees" in out
    assert "--repair-pending" in err
    for position, before, after in tables.log:
        project(increments(position, before, after, NOW), tables)
    assert pending_count(petition.slug, tables) == 1
    assert manage.main(["recount", petition.slug]) == 0


def test_shards_are_raised_and_never_lowered(slug: str, tables: FakeTables, capsys: pytest.CaptureFixture[str]) -> None:
    assert manage.main(["shards", slug, "40"]) == 0
    assert "has 40 shards" in capsys.readouterr().out
    for fewer in ("40", "2"):
        assert manage.main(["shards", slug, fewer]) == 0
        assert "never lowered" in capsys.readouterr().out
    assert petition_as_stored(slug, tables).shards == 40
