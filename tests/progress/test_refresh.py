"""The recent numbers (today, 24 hours, areas) are stored with the count. One caller at a time refreshes them."""

from datetime import UTC, datetime, timedelta

from chalicelib.core import keys
from chalicelib.petitions.model import Petition
from chalicelib.progress.refresh import FRESH, recent_numbers
from chalicelib.tallies.public import public_count
from tests.actors import ALICE, BOB, CHARLIE, NOW, Person, confirmed
from tests.fakes import FakeTables

HOUR = timedelta(hours=1)


def today(petition: Petition, now: datetime, tables: FakeTables) -> int:
    """Return the number of today, counted again if that is due."""
    found = recent_numbers(petition, now, tables)
    assert found
    return found.today


def test_today_and_the_last_24_hours_are_counted_by_the_hour(tables: FakeTables, petition: Petition) -> None:
    for person, hours in ((ALICE, 0), (BOB, 13), (CHARLIE, 23), (Person("Dora", "dora@mail.example"), 25)):
        confirmed(tables, petition, person, now=NOW - hours * HOUR)
    found = recent_numbers(petition, NOW, tables)
    assert found
    assert (found.today, found.last_day, found.areas) == (1, 3, {})


def test_the_recent_numbers_are_read_with_the_count_and_refreshed_when_old(
    tables: FakeTables, petition: Petition
) -> None:
    assert public_count(petition, NOW, tables).recent is None
    recent_numbers(petition, NOW, tables)
    confirmed(tables, petition)
    tables.calls.clear()
    stored = public_count(petition, NOW, tables).recent
    assert (stored and stored.today, tables.calls) == (0, ["get"])
    assert today(petition, NOW + FRESH - HOUR / 3600, tables) == 0
    assert today(petition, NOW + FRESH, tables) == 1
    kept = public_count(petition, NOW + 2 * FRESH, tables).recent
    assert kept == recent_numbers(petition, NOW + FRESH, tables)


def test_after_midnight_today_is_counted_again_at_once(tables: FakeTables, petition: Petition) -> None:
    midnight = datetime(2026, 11, 25, tzinfo=UTC)
    confirmed(tables, petition, now=midnight - FRESH / 2)
    assert [today(petition, now, tables) for now in (midnight - FRESH / 2, midnight)] == [1, 0]


def test_one_caller_at_a_time_refreshes_the_recent_numbers(tables: FakeTables, petition: Petition) -> None:
    recent_numbers(petition, NOW, tables)
    tables.items[keys.snapshot(petition.slug)]["recent_leased_until"] = int((NOW + FRESH).timestamp()) + 9
    confirmed(tables, petition)
    assert today(petition, NOW + FRESH, tables) == 0


def test_areas_come_from_the_projection(tables: FakeTables, petition: Petition) -> None:
    counter = keys.current_numbers(petition.slug, keys.BUCKETS[0])
    tables.items[counter] = {"pk": counter.pk, "sk": counter.sk, "a.SW": 64, "a.LS": 3, "a.none": 99}
    tables.items[keys.tally_head(petition.slug)]["total"] = 64 + 3 + 99
    found = recent_numbers(petition, NOW, tables)
    assert found
    assert found.areas == {"SW": 60}


def test_recent_numbers_from_the_future_are_counted_again(tables: FakeTables, petition: Petition) -> None:
    """A reader whose clock was ahead has stored them."""
    recent_numbers(petition, NOW + HOUR, tables)
    confirmed(tables, petition)
    assert today(petition, NOW, tables) == 1
