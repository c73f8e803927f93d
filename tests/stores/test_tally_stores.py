"""The items of the tally: shards, days, heads, leases, snapshots, pending signatures."""

from datetime import date

import pytest

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed
from chalicelib.petitions.model import Petition
from chalicelib.projections.breakdowns import pending_by_bucket
from chalicelib.projections.changes import add_projected
from chalicelib.tallies import store as tallies
from chalicelib.tallies.count import exact_count
from chalicelib.tallies.model import MAX_SOURCES, OTHER, Tally, TallyEntry, tally_of
from tests.actors import DAY, NOW, confirmed
from tests.stores.racing import at_once
from tests.stores.test_stores import SLUG, TODAY


def test_sources_over_the_limit_of_a_shard_are_counted_as_other(tables: Tables) -> None:
    for number in range(MAX_SOURCES):
        tables.update(tallies.entry_change(SLUG, 0, TallyEntry(1, NOW, "GB", f"s{number}")))
    tables.update(tallies.entry_change(SLUG, 0, TallyEntry(1, NOW, "GB", "s3")))
    with pytest.raises(ConditionFailed):
        tables.update(tallies.entry_change(SLUG, 0, TallyEntry(1, NOW, "GB", "one-too-many")))
    for amount in (1, 1, -1):
        tables.update(tallies.entry_change(SLUG, 0, TallyEntry(amount, NOW, "GB", OTHER)))
    item = tables.get(keys.tally_shard(SLUG, 0, TODAY), consistent=True)
    tally = tally_of(item or {})
    assert (tally.total, tally.sources["s3"], tally.sources[OTHER]) == (MAX_SOURCES + 2, 2, 1)


def test_days_are_closed_once_and_in_order(tables: Tables) -> None:
    tallies.open_head(SLUG, TODAY, tables)
    tomorrow, after = TODAY + DAY, TODAY + 2 * DAY
    with pytest.raises(ConditionFailed):
        tallies.close_days(SLUG, {after: Tally(total=5)}, 3, tables)
    tallies.close_days(SLUG, {tomorrow: Tally(total=2)}, 3, tables)
    with pytest.raises(ConditionFailed):
        tallies.close_days(SLUG, {tomorrow: Tally(total=2)}, 3, tables)
    tallies.close_days(SLUG, {after: Tally(total=5)}, 3, tables)
    assert tallies.head(SLUG, tables) == tallies.Head(after, 7, began=TODAY + DAY)
    closed = tallies.closed_days(SLUG, date.min, date.max, tables)
    assert {day: tally.total for day, tally in closed.items()} == {tomorrow: 2, after: 5}


def test_many_callers_close_a_day_once(tables: Tables, petition: Petition) -> None:
    confirmed(tables, petition)
    later = NOW + 3 * DAY
    counts = at_once(lambda _: exact_count(petition, later, tables).confirmed, range(12))
    assert set(counts) == {1}
    assert tallies.head(SLUG, tables).total == 1


def positions(*numbers: int, stream: str = "2026-11-24T12:00:00.000") -> list[str]:
    return [f"{stream}/{number:040}" for number in numbers]


def test_pending_signatures_are_added_once_and_a_repetition_returns_the_projected_position(tables: Tables) -> None:
    bucket_key = keys.current_numbers(SLUG, "00")
    add_projected(bucket_key, {"pending": 2}, positions(8, 9), tables)
    for repeated in (positions(8, 9), positions(9), positions(9, 10)):
        with pytest.raises(ConditionFailed) as caught:
            add_projected(bucket_key, {"pending": 2}, repeated, tables)
        assert (caught.value.item or {})["projected_to"] == positions(9)[0]
    add_projected(bucket_key, {"pending": -1}, positions(100, 10), tables)
    add_projected(keys.current_numbers(SLUG, "03"), {"pending": 5}, positions(1), tables)
    assert pending_by_bucket(SLUG, tables) == {"00": 1, "03": 5}
    assert pending_by_bucket("another", tables) == {}
