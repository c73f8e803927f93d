"""A recount while signatures change: changes are no drift, and hide none for long."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, strategies as st

from chalicelib.aws.table import Change, Item
from chalicelib.core import keys
from chalicelib.petitions.model import Petition
from chalicelib.projections.recount import IN_FLIGHT, recount
from chalicelib.signatures.withdraw import withdraw
from chalicelib.tallies.model import TallyDimension
from chalicelib.tallies.prove import Sum
from tests.actors import BOB, NOW, Person, a_published_petition, confirmed, key_of, signed
from tests.fakes import FakeTables
from tests.projections.test_recount import HOUR, QUIET, a_crowd, found


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
    assert settled.drift == ({Sum(TallyDimension.COUNTRY, "GB"): amount} if amount else {})
    assert settled.moving == 0


def test_a_drift_larger_than_the_moving_number_is_found() -> None:
    tables = Moving()
    petition = a_published_petition(tables)
    a_crowd(tables, petition)
    tables.actions.append(lambda: confirmed(tables, petition, BOB, QUIET))
    tables.update(Change(keys.tally_shard(petition.slug, 0, NOW.date()), add={"cGB": 5}))
    counted = found(petition, tables)
    assert counted.drift == {Sum(TallyDimension.COUNTRY, "GB"): 4}, "only the certain part of the drift"
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
