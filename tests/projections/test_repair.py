"""A repair corrects every sum; pending counters are checked and repaired."""

from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from chalicelib.aws.table import Change
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed
from chalicelib.petitions.model import Petition
from chalicelib.projections.breakdowns import pending_count
from chalicelib.projections.project import project
from chalicelib.projections.recount import repair, repair_pending
from chalicelib.tallies.count import Days, breakdown, exact_count
from chalicelib.tallies.model import TallyDimension
from tests.actors import ALICE, BOB, CHARLIE, DAY, NOW, a_published_petition, confirmed, signed
from tests.fakes import FakeTables
from tests.projections.test_recount import QUIET_TIME, confirm_crowd, run_recount
from tests.streaming import pending


@given(st.lists(st.tuples(st.sampled_from(["total", "h07", "cGB", "cFR", "s.direct", "HEAD"]), st.integers(-3, 3))))
def test_a_repair_corrects_every_sum_and_returns_the_adjustment(injected: list[tuple[str, int]]) -> None:
    tables = FakeTables()
    petition = a_published_petition(tables)
    confirm_crowd(tables, petition)
    for number, amount in injected:
        if number == "HEAD":
            change = Change(keys.tally_head(petition.slug), add={"total": amount})
        else:
            shard = keys.tally_shard(petition.slug, 1, NOW.date())
            change = Change(shard, add={number: amount})
        tables.update(change)
    result = run_recount(petition, tables)
    adjustment = repair(result, QUIET_TIME, tables)
    assert bool(adjustment) == bool(result.drift)
    assert run_recount(petition, tables).drift == {}
    assert exact_count(petition, QUIET_TIME + 2 * DAY, tables).confirmed == 12
    for by in TallyDimension:
        counts = breakdown(petition, by, Days(), QUIET_TIME, tables)
        assert sum(counts.values.values()) == counts.confirmed == 12


def test_a_repair_is_recorded_and_cannot_be_repeated(tables: FakeTables, petition: Petition) -> None:
    confirmed(tables, petition)
    tables.update(Change(keys.tally_shard(petition.slug, 0, NOW.date()), add={"cGB": 2}))
    result = run_recount(petition, tables)
    assert repair(result, QUIET_TIME, tables) == {"cGB": -2, "head": 0}
    record = tables.items[keys.tally_adjustment(petition.slug, "2026-11-24T12:10:00Z")]
    assert record["cGB"] == -2
    with pytest.raises(ConditionFailed):
        repair(result, QUIET_TIME, tables)
    assert run_recount(petition, tables).drift == {}


def test_pending_counters_are_checked_by_bucket_and_repaired_on_demand(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    bucket = keys.bucket_of(identity)
    project([pending(petition.slug, bucket, "1", 1)], tables)
    assert run_recount(petition, tables).wrong_pending == {}
    tables.update(Change(keys.current_numbers(petition.slug, bucket), add={"pending": 3}))
    result = run_recount(petition, tables)
    assert result.pending_drift == 3
    assert repair_pending(result, tables) == 1
    assert pending_count(petition.slug, tables) == 1
    assert repair_pending(result, tables) == 0, "the counter has changed since"


def test_a_missing_pending_counter_is_found_and_repaired(tables: FakeTables, petition: Petition) -> None:
    signed(tables, petition)
    result = run_recount(petition, tables)
    assert result.pending_drift == 1
    assert repair_pending(result, tables) == 1
    assert pending_count(petition.slug, tables) == 1


def test_changes_that_are_still_in_the_stream_cause_no_drift(tables: FakeTables, petition: Petition) -> None:
    signed(tables, petition, ALICE, QUIET_TIME)
    bobs_id = confirmed(tables, petition, BOB, QUIET_TIME)
    project([pending(petition.slug, keys.bucket_of(bobs_id), "1", 1)], tables)
    signed(tables, petition, CHARLIE, QUIET_TIME + timedelta(seconds=1))
    result = run_recount(petition, tables)
    assert result.wrong_pending == {}
    assert result.pending_moving == 3
