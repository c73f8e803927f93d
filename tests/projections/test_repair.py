"""A repair corrects every sum; pending counters are checked and repaired."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from chalicelib.aws.expressions import change_request
from chalicelib.aws.table import Change, NewItem
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed, Unavailable
from chalicelib.petitions.model import Petition
from chalicelib.projections.breakdowns import pending_count
from chalicelib.projections.changes import project
from chalicelib.projections.recount import repair, repair_pending
from chalicelib.tallies.count import Days, breakdown, exact_count
from chalicelib.tallies.model import TallyDimension
from chalicelib.tallies.prove import tally_health
from tests.actors import ALICE, BOB, CHARLIE, DAY, NOW, OPENED, a_published_petition, confirmed, signed
from tests.fakes import FakeTables
from tests.projections.test_recount import HOUR, QUIET_TIME, confirm_crowd, run_recount
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


class Watched(FakeTables):
    """Refuses expressions as DynamoDB does. Calls `meanwhile(n)` after transaction n is done."""

    meanwhile: Callable[[int], object] = staticmethod(lambda _: None)
    made = 0

    def transact(self, writes: Sequence[Change | NewItem]) -> None:
        for write in writes:
            assert isinstance(write, NewItem) or 0 < len(change_request(write)["UpdateExpression"]) <= 4096
        super().transact(writes)
        self.made += 1
        self.meanwhile(self.made)


def with_wrong_sources(tables: FakeTables) -> Petition:
    """One signature was counted, and then a thousand sums of the tally went wrong, the count among them."""
    petition = a_published_petition(tables)
    confirmed(tables, petition)
    tables.update(Change(keys.tally_head(petition.slug), add={"total": 3}))
    wrong = {f"s.source-{number}": number for number in range(1, 1001)}
    tables.update(Change(keys.tally_shard(petition.slug, 1, NOW.date()), add={"total": 7, **wrong}))
    return petition


def assert_right(petition: Petition, tables: FakeTables, number: int = 1) -> None:
    assert run_recount(petition, tables, QUIET_TIME + HOUR).drift == {}
    for later in (QUIET_TIME, QUIET_TIME + 2 * DAY):
        assert exact_count(petition, later, tables).confirmed == number
        assert breakdown(petition, TallyDimension.SOURCE, Days(), later, tables).values == {"direct": number}


def test_any_number_of_wrong_sums_is_repaired_in_parts() -> None:
    """DynamoDB refuses an expression of more than 4,096 bytes."""
    tables = Watched()
    petition = with_wrong_sources(tables)
    written = repair(run_recount(petition, tables), QUIET_TIME, tables)
    assert (written["total"], written["head"], written["s.source-1000"]) == (-7, -3, -1000)
    assert_right(petition, tables)
    assert [each.amount for each in tally_health([petition.slug], OPENED, tables).adjustments] == [-10]


@pytest.mark.parametrize("parts", [1, 2, 11])
def test_a_crashed_repair_is_completed_after_another_recount_and_never_repeated(parts: int) -> None:
    """Also if two engineers repair at once, or again in the same second."""

    def crash(number: int) -> None:
        if number == parts:
            raise Unavailable

    tables = Watched()
    petition = with_wrong_sources(tables)
    tables.made, tables.meanwhile = 0, crash
    found = run_recount(petition, tables)
    with pytest.raises(Unavailable):
        repair(found, QUIET_TIME, tables)
    with pytest.raises(ConditionFailed):
        repair(found, QUIET_TIME + HOUR, tables)
    repair(run_recount(petition, tables), QUIET_TIME, tables)
    assert_right(petition, tables)


def test_people_who_confirm_between_the_parts_are_counted() -> None:
    def confirm_others(number: int) -> None:
        if number == 4:
            for person in (BOB, CHARLIE):
                confirmed(tables, petition, person, QUIET_TIME)

    tables = Watched()
    petition = with_wrong_sources(tables)
    tables.made, tables.meanwhile = 0, confirm_others
    repair(run_recount(petition, tables), QUIET_TIME, tables)
    assert_right(petition, tables, number=3)


@pytest.mark.parametrize("days", [-1, 1])
def test_a_repair_belongs_to_the_day_of_aws(tables: FakeTables, days: int) -> None:
    """An entry on another day by the laptop's clock would not be read, and after a second repair be read twice."""
    petition = with_wrong_sources(tables)
    tables.answered_at = QUIET_TIME
    repair(run_recount(petition, tables), QUIET_TIME + days * DAY, tables)
    assert_right(petition, tables)


def test_nothing_is_written_to_a_day_that_is_closed(tables: FakeTables) -> None:
    petition = with_wrong_sources(tables)
    exact_count(petition, QUIET_TIME + DAY, tables)
    found = run_recount(petition, tables)
    before = dict(tables.items)
    with pytest.raises(ConditionFailed):
        repair(found, QUIET_TIME, tables)
    assert tables.items == before


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


def test_changes_that_are_still_in_the_stream_cause_no_drift(tables: FakeTables, petition: Petition) -> None:
    signed(tables, petition, ALICE, QUIET_TIME)
    bobs_id = confirmed(tables, petition, BOB, QUIET_TIME)
    project([pending(petition.slug, keys.bucket_of(bobs_id), "1", 1)], tables)
    signed(tables, petition, CHARLIE, QUIET_TIME + timedelta(seconds=1))
    result = run_recount(petition, tables)
    assert result.wrong_pending == {}
    assert result.pending_moving == 3
