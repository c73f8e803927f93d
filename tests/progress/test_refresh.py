"""The recent numbers (today, 24 hours, areas) are stored with the count. One caller at a time refreshes them.

Nobody can compute the number of a small area from the public ones.
"""

from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st

from chalicelib.core import keys
from chalicelib.petitions.model import Petition
from chalicelib.progress.refresh import FRESH, MAX_AREAS, MIN_SIGNATURES, ROUNDED_TO, public_areas, recent_numbers
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


NAMES = st.sampled_from([f"{first}{second}" for first in "ABCDE" for second in "ABCDE"])
ROWS = st.dictionaries(NAMES, st.integers(1, 400))


def test_an_area_is_shown_from_fifty_signatures_and_rounded_down_to_tens() -> None:
    rows = {"M": 158, "SW": 50, "LS": 49, "no postcode": 500}
    assert public_areas(757, rows) == {"M": 150, "SW": 50}


def test_rows_that_are_not_areas_are_never_shown() -> None:
    assert public_areas(900, {"no postcode": 300, "outside GB": 300, "not yet assigned": 300}) == {}


def test_the_last_small_area_cannot_be_subtracted_from_the_total() -> None:
    """Without this rule, the total 360 and the public numbers 300 and 50 would reveal that 10 people signed in LS."""
    assert public_areas(360, {"M": 300, "SW": 50, "LS": 10}) == {"M": 300}
    assert public_areas(305, {"M": 300, "LS": 5}) == {}


@given(ROWS, st.integers(0, 300))
def test_the_hidden_rest_is_zero_or_at_least_fifty_if_areas_are_shown(rows: dict[str, int], without_area: int) -> None:
    confirmed = sum(rows.values()) + without_area
    shown = public_areas(confirmed, {**rows, "no postcode": without_area})
    rest = confirmed - sum(rows[name] for name in shown)
    assert len(shown) <= MAX_AREAS
    assert all(rows[name] >= MIN_SIGNATURES and number % ROUNDED_TO == 0 for name, number in shown.items())
    assert not shown or rest == 0 or rest >= MIN_SIGNATURES
