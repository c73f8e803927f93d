"""The recount finds and names a drift of one, and gives no false alarm while people sign."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.aws.table import Change, Item
from chalicelib.core import keys
from chalicelib.petitions.model import Petition
from chalicelib.projections.recount import Recount, recount
from chalicelib.signatures.walk import RECOUNT_FIELDS
from chalicelib.signatures.withdraw import withdraw
from chalicelib.tallies.count import exact_count
from chalicelib.tallies.model import MAX_SOURCES, TallyDimension, TallyEntry
from chalicelib.tallies.prove import COUNT, DAYS, HOURS, SumName
from chalicelib.tallies.store import entry_change
from tests.actors import DAY, NOW, Person, a_published_petition, confirmed, key_of
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


def test_a_correct_tally_has_no_drift(tables: FakeTables, petition: Petition) -> None:
    confirm_crowd(tables, petition)
    result = run_recount(petition, tables)
    assert (result.confirmed, result.drift, result.moving, result.largest_drift) == (12, {}, 0, 0)


def test_withdrawals_sources_counted_as_other_and_closed_days_cause_no_drift(
    tables: FakeTables, petition: Petition
) -> None:
    one_shard = a_published_petition(tables, shards=1, slug="one-shard")
    for number in range(MAX_SOURCES + 3):
        confirmed(tables, one_shard, Person("P", f"p{number}@mail.example"), source=f"source-{number}")
    identities = confirm_crowd(tables, petition)
    for identity in identities[:5]:
        withdraw(key_of(petition, identity), petition, NOW + 2 * DAY, tables)
    exact_count(petition, NOW + 3 * DAY, tables)
    assert run_recount(petition, tables, NOW + 3 * DAY).drift == {}
    assert run_recount(one_shard, tables).drift == {}


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


def test_a_lost_entry_is_a_drift_in_every_sum(tables: FakeTables, petition: Petition) -> None:
    confirm_crowd(tables, petition)
    tables.update(entry_change(petition.slug, 0, TallyEntry(-1, NOW, "FR", "friends")))
    lost = {COUNT, DAYS, HOURS, SumName(TallyDimension.COUNTRY, "FR"), SumName(TallyDimension.SOURCE, "friends")}
    assert run_recount(petition, tables).drift == dict.fromkeys(lost, -1)


def test_a_recount_changes_nothing(tables: FakeTables, petition: Petition) -> None:
    confirm_crowd(tables, petition)
    tables.calls.clear()
    run_recount(petition, tables, NOW + 9 * DAY)
    assert set(tables.calls) == {"get", "batch_get", "query"}


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
