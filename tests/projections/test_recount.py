"""The recount finds a drift of one, and gives no false alarm while people sign. A repair corrects every sum."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given, strategies as st

from chalicelib.aws.expressions import change_request
from chalicelib.aws.table import Change, Item, NewItem
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed, Unavailable
from chalicelib.petitions.model import Petition
from chalicelib.projections.breakdowns import pending_count
from chalicelib.projections.changes import project
from chalicelib.projections.recount import IN_FLIGHT, Recount, recount, repair, repair_pending
from chalicelib.signatures.walk import RECOUNT_FIELDS
from chalicelib.signatures.withdraw import take_back, withdraw
from chalicelib.tallies.count import Days, breakdown, exact_count
from chalicelib.tallies.model import TallyDimension
from chalicelib.tallies.prove import COUNT, DAYS, HOURS, SumName, tally_health
from tests.actors import ALICE, BOB, CHARLIE, DAY, NOW, OPENED, Person, a_published_petition, confirmed, key_of, signed
from tests.fakes import FakeTables
from tests.streaming import pending

# No write of a signature that was confirmed at NOW is still in flight.
QUIET_TIME = NOW + timedelta(minutes=10)
HOUR = timedelta(hours=1)


def run_recount(petition: Petition, tables: FakeTables, moment: datetime = QUIET_TIME) -> Recount:
    return recount(petition, lambda: moment, tables)


def confirm_crowd(tables: FakeTables, petition: Petition, size: int = 12) -> list[str]:
    """Confirm signatures from three countries and two sources, over four days."""
    identities = []
    for number in range(size):
        person = Person("Person", f"person{number}@mail.example")
        moment = NOW - (number % 4) * DAY
        country = ("GB", "FR", "NL")[number % 3]
        source = ("bbc-news", "friends")[number % 2]
        identities.append(confirmed(tables, petition, person, moment, country=country, source=source))
    return identities


@pytest.mark.parametrize(
    ("number", "sums"),
    [
        ("total", {COUNT, DAYS}),
        ("h12", {HOURS}),
        ("cGB", {SumName(TallyDimension.COUNTRY, "GB")}),
        ("s.direct", {SumName(TallyDimension.SOURCE, "direct")}),
        ("cXX", {SumName(TallyDimension.COUNTRY, "XX")}),
    ],
)
@pytest.mark.parametrize("amount", [1, -1])
def test_a_drift_of_one_is_found_in_its_breakdown(
    tables: FakeTables, petition: Petition, number: str, sums: set[SumName], amount: int
) -> None:
    confirmed(tables, petition)
    tables.update(Change(keys.tally_shard(petition.slug, 0, NOW.date()), add={number: amount}))
    result = run_recount(petition, tables)
    assert result.drift == dict.fromkeys(sums, amount)
    assert result.largest_drift == 1


@pytest.mark.parametrize("where", ["HEAD", "DAY"])
def test_a_drift_in_closed_days_is_found(tables: FakeTables, petition: Petition, where: str) -> None:
    confirmed(tables, petition)
    assert exact_count(petition, NOW + 2 * DAY, tables).confirmed == 1
    if where == "HEAD":
        key, drifting = keys.tally_head(petition.slug), COUNT
    else:
        key, drifting = keys.tally_day(petition.slug, NOW.date()), DAYS
    tables.update(Change(key, add={"total": 1}))
    assert run_recount(petition, tables, NOW + 2 * DAY).drift == {drifting: 1}


def test_a_recount_reads_no_personal_data(petition: Petition) -> None:
    seen: set[str] = set()

    class RecordsAttributes(FakeTables):
        def query(self, table: str, pk: str, *arguments: Any, **named: Any) -> Iterator[Item]:
            for item in super().query(table, pk, *arguments, **named):
                seen.update(item if table == keys.SIGNATURES else ())
                yield item

    tables = RecordsAttributes()
    a_published_petition(tables)
    confirmed(tables, petition)
    run_recount(petition, tables)
    assert "state" in seen
    assert seen <= {*RECOUNT_FIELDS}
    assert not {"name", "email", "postcode", "sk"} & {*RECOUNT_FIELDS}


class ChangesMeanwhile(FakeTables):
    """Run `actions` between reading the tally and the walk, and during the walk."""

    def __init__(self) -> None:
        super().__init__()
        self.actions: list[Callable[[], object]] = []

    def query(self, table: str, pk: str, *arguments: Any, **named: Any) -> Iterator[Item]:
        if table == keys.SIGNATURES and self.actions:
            self.actions.pop(0)()
        return super().query(table, pk, *arguments, **named)


def make_counted_by_an_import(tables: FakeTables, petition: Petition, identity: str) -> None:
    """Without the import's receipt "r", the signature would be pending."""
    tables.items[key_of(petition, identity)] |= {"by_partner": True, "also_came_with": {"r"}}
    tables.update(Change(keys.tally_shard(petition.slug, 0, NOW.date()), add={"by_partners": 1}))


MOMENTS = st.integers(-90, 200).map(lambda seconds: QUIET_TIME + timedelta(seconds=seconds))
ACTIONS = st.lists(
    st.tuples(st.sampled_from(["confirm", "withdraw", "sign", "undo"]), MOMENTS, st.integers(0, 11)), max_size=30
)


@given(ACTIONS, st.sampled_from([0, 1, -1]))
def test_changes_during_a_recount_cause_no_drift_and_a_later_recount_finds_all_drift(
    actions: list[tuple[str, datetime, int]], amount: int
) -> None:
    tables = ChangesMeanwhile()
    petition = a_published_petition(tables)
    identities = confirm_crowd(tables, petition)
    for identity in identities[:6]:
        make_counted_by_an_import(tables, petition, identity)
    for number, (verb, moment, which) in enumerate(actions):
        # A write commits at most a minute after its function started.
        moment = max(moment, QUIET_TIME - IN_FLIGHT)
        someone = Person("New", f"new{number}@mail.example")
        action: Callable[[], object]
        if verb == "confirm":
            action = partial(confirmed, tables, petition, someone, moment)
        elif verb == "sign":
            action = partial(signed, tables, petition, someone, moment)
        elif verb == "undo":
            action = partial(take_back, key_of(petition, identities[which]), "r", petition, moment, tables)
        else:
            key = key_of(petition, identities[which])
            action = partial(withdraw, key, petition, moment, tables)
        tables.actions.append(action)
    assert run_recount(petition, tables).drift == {}, "no false alarm"
    tables.update(Change(keys.tally_shard(petition.slug, 0, NOW.date()), add={"cGB": amount}))
    tables.actions.clear()
    settled = run_recount(petition, tables, QUIET_TIME + HOUR)
    drift = {SumName(TallyDimension.COUNTRY, "GB"): amount} if amount else {}
    assert settled.drift == drift
    assert settled.moving == 0


def test_a_confirmation_after_the_tally_was_read_does_not_hide_a_drift() -> None:
    """Bob confirms more than SKEW after the tally is read, during the walk."""
    tables = ChangesMeanwhile()
    petition = a_published_petition(tables)
    confirm_crowd(tables, petition)
    during_the_walk = QUIET_TIME + timedelta(seconds=6)
    tables.actions.append(lambda: confirmed(tables, petition, BOB, during_the_walk))
    tables.update(Change(keys.tally_shard(petition.slug, 0, NOW.date()), add={"cGB": 1}))
    result = run_recount(petition, tables)
    assert (result.moving, result.confirmed) == (0, 12)


def test_a_drift_that_is_gone_at_the_second_reading_is_not_reported(tables: FakeTables, petition: Petition) -> None:
    shard = keys.tally_shard(petition.slug, 0, NOW.date())
    confirmed(tables, petition)
    tables.update(Change(shard, add={"cGB": 1}))
    times = iter([QUIET_TIME, QUIET_TIME])

    def clock() -> datetime:
        if "query" in tables.calls:  # The first reading is over.
            tables.update(Change(shard, add={"cGB": -1}))
        return next(times)

    tables.calls.clear()
    assert recount(petition, clock, tables).drift == {}


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
