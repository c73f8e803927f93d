"""The recount finds and names a drift of one, and gives no false alarm while people sign."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from chalicelib.aws.table import Change, Item
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed
from chalicelib.petitions.model import Petition
from chalicelib.projections.breakdowns import pending_count
from chalicelib.projections.project import project
from chalicelib.projections.recount import IN_FLIGHT, Recount, recount, repair, repair_pending
from chalicelib.signatures.walk import ANONYMOUS
from chalicelib.signatures.withdraw import withdraw
from chalicelib.tallies.count import Days, breakdown, exact_count
from chalicelib.tallies.model import MAX_SOURCES, By, TallyEntry
from chalicelib.tallies.prove import COUNT, DAYS, HOURS, Sum
from chalicelib.tallies.store import entry_change
from tests.actors import ALICE, BOB, CHARLIE, DAY, NOW, Person, a_published_petition, confirmed, key_of, signed
from tests.fakes import FakeTables
from tests.streaming import pending

QUIET = NOW + timedelta(minutes=10)
HOUR = timedelta(hours=1)


def at(moment: datetime) -> Callable[[], datetime]:
    return lambda: moment


def found(petition: Petition, tables: FakeTables, moment: datetime = QUIET) -> Recount:
    return recount(petition, at(moment), tables)


def a_crowd(tables: FakeTables, petition: Petition, size: int = 12) -> list[str]:
    """Confirm signatures from three countries and two sources, over four days."""
    return [
        confirmed(
            tables,
            petition,
            Person("Person", f"person{number}@mail.example"),
            NOW - (number % 4) * DAY,
            country=("GB", "FR", "NL")[number % 3],
            source=("bbc-news", "friends")[number % 2],
        )
        for number in range(size)
    ]


def test_a_correct_tally_has_no_drift(tables: FakeTables, petition: Petition) -> None:
    a_crowd(tables, petition)
    counted = found(petition, tables)
    assert (counted.confirmed, counted.drift, counted.moving, counted.worst) == (12, {}, 0, 0)


def test_withdrawals_folded_sources_and_closed_days_are_no_drift(tables: FakeTables, petition: Petition) -> None:
    one_shard = a_published_petition(tables, shards=1, slug="one-shard")
    for number in range(MAX_SOURCES + 3):
        confirmed(tables, one_shard, Person("P", f"p{number}@mail.example"), source=f"source-{number}")
    identities = a_crowd(tables, petition)
    for identity in identities[:5]:
        withdraw(key_of(petition, identity), petition, NOW + 2 * DAY, tables)
    exact_count(petition, NOW + 3 * DAY, tables)
    assert found(petition, tables, NOW + 3 * DAY).drift == {}
    assert found(one_shard, tables).drift == {}


@pytest.mark.parametrize(
    ("number", "sums"),
    [
        ("total", {COUNT, DAYS}),
        ("h12", {HOURS}),
        ("cGB", {Sum(By.COUNTRY, "GB")}),
        ("s.direct", {Sum(By.SOURCE, "direct")}),
        ("cXX", {Sum(By.COUNTRY, "XX")}),
    ],
)
@pytest.mark.parametrize("amount", [1, -1])
def test_a_drift_of_one_is_found_in_its_breakdown(
    tables: FakeTables, petition: Petition, number: str, sums: set[Sum], amount: int
) -> None:
    confirmed(tables, petition)
    tables.update(Change(keys.tally_shard(petition.slug, 0, NOW.date()), add={number: amount}))
    counted = found(petition, tables)
    assert counted.drift == dict.fromkeys(sums, amount)
    assert counted.worst == 1


@pytest.mark.parametrize("where", ["HEAD", "DAY"])
def test_a_drift_in_closed_days_is_found(tables: FakeTables, petition: Petition, where: str) -> None:
    confirmed(tables, petition)
    assert exact_count(petition, NOW + 2 * DAY, tables).confirmed == 1
    key = keys.tally_head(petition.slug) if where == "HEAD" else keys.tally_day(petition.slug, NOW.date())
    tables.update(Change(key, add={"total": 1}))
    assert found(petition, tables, NOW + 2 * DAY).drift == {(COUNT if where == "HEAD" else DAYS): 1}


def test_a_lost_entry_is_a_drift_in_every_sum(tables: FakeTables, petition: Petition) -> None:
    a_crowd(tables, petition)
    tables.update(entry_change(petition.slug, 0, TallyEntry(-1, NOW, "FR", "friends")))
    lost = {COUNT, DAYS, HOURS, Sum(By.COUNTRY, "FR"), Sum(By.SOURCE, "friends")}
    assert found(petition, tables).drift == dict.fromkeys(lost, -1)


class Moving(FakeTables):
    """Run `actions` between reading the tally and the walk, and during the walk."""

    def __init__(self) -> None:
        super().__init__()
        self.actions: list[Callable[[], object]] = []

    def query(self, table: str, pk: str, *arguments: Any, **named: Any) -> Iterator[Item]:
        if table == keys.SIGNATURES and self.actions:
            self.actions.pop(0)()
        return super().query(table, pk, *arguments, **named)


MOMENTS = st.integers(-90, 200).map(lambda seconds: QUIET + timedelta(seconds=seconds))
ACTIONS = st.lists(
    st.tuples(st.sampled_from(["confirm", "withdraw", "sign"]), MOMENTS, st.integers(0, 11)), max_size=30
)


@given(ACTIONS, st.sampled_from([0, 1, -1]))
def test_changes_during_a_recount_are_no_drift_and_a_later_recount_finds_all_drift(
    actions: list[tuple[str, datetime, int]], amount: int
) -> None:
    tables = Moving()
    petition = a_published_petition(tables)
    identities = a_crowd(tables, petition)
    for number, (verb, moment, which) in enumerate(actions):
        # A write commits at most a minute after its function started.
        moment = max(moment, QUIET - IN_FLIGHT)
        someone = Person("New", f"new{number}@mail.example")
        tables.actions.append(
            {
                "confirm": lambda who=someone, now=moment: confirmed(tables, petition, who, now),
                "sign": lambda who=someone, now=moment: signed(tables, petition, who, now),
                "withdraw": lambda which=which, now=moment: withdraw(
                    key_of(petition, identities[which]), petition, now, tables
                ),
            }[verb]
        )
    assert found(petition, tables).drift == {}, "no false alarm"
    tables.update(Change(keys.tally_shard(petition.slug, 0, NOW.date()), add={"cGB": amount}))
    tables.actions.clear()
    settled = found(petition, tables, QUIET + HOUR)
    assert settled.drift == ({Sum(By.COUNTRY, "GB"): amount} if amount else {})
    assert settled.moving == 0


def test_a_drift_larger_than_the_moving_number_is_found() -> None:
    tables = Moving()
    petition = a_published_petition(tables)
    a_crowd(tables, petition)
    tables.actions.append(lambda: confirmed(tables, petition, BOB, QUIET))
    tables.update(Change(keys.tally_shard(petition.slug, 0, NOW.date()), add={"cGB": 5}))
    counted = found(petition, tables)
    assert counted.drift == {Sum(By.COUNTRY, "GB"): 4}, "only the certain part of the drift"
    assert counted.moving == 1


def test_a_confirmation_after_the_tally_was_read_hides_no_drift() -> None:
    """Bob confirms more than SKEW after the tally is read, during the walk."""
    tables = Moving()
    petition = a_published_petition(tables)
    a_crowd(tables, petition)
    tables.actions.append(lambda: confirmed(tables, petition, BOB, QUIET + timedelta(seconds=6)))
    tables.update(Change(keys.tally_shard(petition.slug, 0, NOW.date()), add={"cGB": 1}))
    counted = found(petition, tables)
    assert (counted.moving, counted.confirmed) == (0, 12)


def test_a_drift_that_is_gone_on_the_second_look_is_not_reported(tables: FakeTables, petition: Petition) -> None:
    shard = keys.tally_shard(petition.slug, 0, NOW.date())
    confirmed(tables, petition)
    tables.update(Change(shard, add={"cGB": 1}))
    times = iter([QUIET, QUIET])

    def clock() -> datetime:
        if len(tables.calls) > 10:
            tables.update(Change(shard, add={"cGB": -1}))
        return next(times)

    tables.calls.clear()
    assert recount(petition, clock, tables).drift == {}


def test_a_recount_changes_nothing(tables: FakeTables, petition: Petition) -> None:
    a_crowd(tables, petition)
    tables.calls.clear()
    found(petition, tables, NOW + 9 * DAY)
    assert set(tables.calls) == {"get", "batch_get", "query"}


def test_a_recount_reads_no_personal_data(petition: Petition) -> None:
    seen: set[str] = set()

    class Recording(FakeTables):
        def query(self, table: str, pk: str, *arguments: Any, **named: Any) -> Iterator[Item]:
            for item in super().query(table, pk, *arguments, **named):
                seen.update(item if table == keys.SIGNATURES else ())
                yield item

    tables = Recording()
    a_published_petition(tables)
    confirmed(tables, petition)
    found(petition, tables)
    assert "state" in seen
    assert seen <= {*ANONYMOUS}
    assert not {"name", "email", "postcode", "sk"} & {*ANONYMOUS}


@given(st.lists(st.tuples(st.sampled_from(["total", "h07", "cGB", "cFR", "s.direct", "HEAD"]), st.integers(-3, 3))))
def test_a_repair_corrects_every_sum_and_returns_the_adjustment(injected: list[tuple[str, int]]) -> None:
    tables = FakeTables()
    petition = a_published_petition(tables)
    a_crowd(tables, petition)
    for number, amount in injected:
        key = keys.tally_head(petition.slug) if number == "HEAD" else keys.tally_shard(petition.slug, 1, NOW.date())
        tables.update(Change(key, add={"total" if number == "HEAD" else number: amount}))
    counted = found(petition, tables)
    written = repair(counted, QUIET, tables)
    assert bool(written) == bool(counted.drift)
    assert found(petition, tables).drift == {}
    assert exact_count(petition, QUIET + 2 * DAY, tables).confirmed == 12
    for by in By:
        shown = breakdown(petition, by, Days(), QUIET, tables)
        assert sum(shown.values.values()) == shown.confirmed == 12


def test_a_repair_is_recorded_and_cannot_be_repeated(tables: FakeTables, petition: Petition) -> None:
    confirmed(tables, petition)
    tables.update(Change(keys.tally_shard(petition.slug, 0, NOW.date()), add={"cGB": 2}))
    counted = found(petition, tables)
    assert repair(counted, QUIET, tables) == {"cGB": -2, "head": 0}
    record = tables.items[keys.tally_adjustment(petition.slug, "2026-11-24T12:10:00Z")]
    assert record["cGB"] == -2
    with pytest.raises(ConditionFailed):
        repair(counted, QUIET, tables)
    assert found(petition, tables).drift == {}


# Pending signatures.


def test_pending_counters_are_checked_by_bucket_and_repaired_on_demand(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    bucket = keys.bucket_of(identity)
    project([pending(petition.slug, bucket, "1", 1)], tables)
    assert found(petition, tables).pending == {}
    tables.update(Change(keys.pending(petition.slug, bucket), add={"pending": 3}))
    counted = found(petition, tables)
    assert counted.pending_drift == 3
    assert repair_pending(counted, tables) == 1
    assert pending_count(petition.slug, tables) == 1
    assert repair_pending(counted, tables) == 0, "the counter has changed since"


def test_a_missing_pending_counter_is_found_and_repaired(tables: FakeTables, petition: Petition) -> None:
    signed(tables, petition)
    counted = found(petition, tables)
    assert counted.pending_drift == 1
    assert repair_pending(counted, tables) == 1
    assert pending_count(petition.slug, tables) == 1


def test_changes_that_are_still_in_the_stream_are_no_drift(tables: FakeTables, petition: Petition) -> None:
    signed(tables, petition, ALICE, QUIET)
    project([pending(petition.slug, keys.bucket_of(confirmed(tables, petition, BOB, QUIET)), "1", 1)], tables)
    signed(tables, petition, CHARLIE, QUIET + timedelta(seconds=1))
    counted = found(petition, tables)
    assert counted.pending == {}
    assert counted.pending_moving == 3
