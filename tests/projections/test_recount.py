"""The recount finds and names a drift of one, and gives no false alarm while people sign."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given, strategies as st

from chalicelib.aws.table import Change, Item
from chalicelib.core import keys
from chalicelib.petitions.model import Petition
from chalicelib.projections.recount import IN_FLIGHT, Recount, recount
from chalicelib.signatures.walk import RECOUNT_FIELDS
from chalicelib.signatures.withdraw import take_back, withdraw
from chalicelib.tallies.count import exact_count
from chalicelib.tallies.model import TallyDimension
from chalicelib.tallies.prove import COUNT, DAYS, HOURS, SumName
from tests.actors import BOB, DAY, NOW, Person, a_published_petition, confirmed, key_of, signed
from tests.fakes import FakeTables

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
        if len(tables.calls) > 10:
            tables.update(Change(shard, add={"cGB": -1}))
        return next(times)

    tables.calls.clear()
    assert recount(petition, clock, tables).drift == {}
