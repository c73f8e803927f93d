"""Breakdowns of chosen days and hours."""

from datetime import date

import pytest

from chalicelib.petitions.model import Petition
from chalicelib.tallies.count import Breakdown, Days, breakdown
from chalicelib.tallies.model import TallyDimension
from tests.actors import DAY, NOW
from tests.fakes import FakeTables
from tests.tallies.test_count import TODAY, TOMORROW, count_signatures_at


def test_a_breakdown_has_only_the_requested_days(tables: FakeTables, petition: Petition) -> None:
    days = [NOW + number * DAY for number in range(4)]
    count_signatures_at(tables, petition, *days)
    chosen = Days(TOMORROW, date(2026, 11, 26))
    counts = breakdown(petition, TallyDimension.DAY, chosen, days[3], tables)
    assert (counts.confirmed, list(counts.values)) == (2, ["2026-11-25", "2026-11-26"])


@pytest.mark.parametrize(
    ("days", "confirmed"),
    [
        (Days(TODAY, TODAY), 1),
        (Days(TODAY), 1),
        (Days(TOMORROW), 0),
        (Days(date(2030, 1, 1)), 0),
        (Days(last=TODAY), 1),
        (Days(last=date(2000, 1, 1)), 0),
        (Days(), 1),
    ],
)
def test_any_range_of_days_is_accepted(tables: FakeTables, petition: Petition, days: Days, confirmed: int) -> None:
    count_signatures_at(tables, petition, NOW)
    assert breakdown(petition, TallyDimension.DAY, days, NOW, tables).confirmed == confirmed


def test_the_key_of_an_hour_includes_the_day(tables: FakeTables, petition: Petition) -> None:
    count_signatures_at(tables, petition, NOW, NOW + DAY)
    counts: Breakdown = breakdown(petition, TallyDimension.HOUR, Days(), NOW + DAY, tables)
    assert counts.values == {"2026-11-24T12:00:00Z": 1, "2026-11-25T12:00:00Z": 1}
