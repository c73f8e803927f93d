"""Counts of chosen days."""

from datetime import timedelta

import pytest

from chalicelib.petitions.model import Petition
from tests.actors import NOW, confirmed
from tests.fake_site import FakeSite
from tests.projections.test_api import COUNTS_URL, get_as_bob


def test_chosen_days_have_only_breakdowns_with_daily_counts(signed_site: FakeSite) -> None:
    body = get_as_bob(signed_site, f"{COUNTS_URL}?by=all&from=2026-11-24&to=2026-11-24").json_body
    sums = {}
    for by, rows in body["breakdowns"].items():
        sums[by] = sum(row["confirmed"] for row in rows)
    assert sums == {"day": 2, "hour": 2, "country": 2, "source": 2}


@pytest.mark.parametrize(
    ("query", "confirmed"),
    [
        ("from=2026-11-25", 0),
        ("to=2026-11-25", 3),
        ("from=2026-11-24&to=2026-11-24", 2),
        ("from=2026-11-26", -1),
        ("from=2027-01-01", 0),
        ("to=2020-01-01", 0),
        ("from=0001-01-01&to=9999-12-31", 2),
    ],
)
def test_from_and_to_are_utc_and_inclusive(signed_site: FakeSite, query: str, confirmed: int) -> None:
    for by in ("", "&by=day", "&by=source"):
        body = get_as_bob(signed_site, f"{COUNTS_URL}?{query}{by}").json_body
        assert body["confirmed"] == confirmed
        if by:
            assert sum(row["confirmed"] for row in body["breakdown"]) == confirmed


def test_a_day_may_be_given_by_two_midnights(fake_site: FakeSite, petition: Petition) -> None:
    confirmed(fake_site.tables, petition)
    day = NOW.date()
    by_date = get_as_bob(fake_site, f"{COUNTS_URL}?from={day}&to={day}").json_body
    midnights = f"from={day}T00:00:00Z&to={day + timedelta(days=1)}T00:00:00Z&by="
    assert get_as_bob(fake_site, f"{COUNTS_URL}?{midnights}").json_body == by_date
    assert by_date["confirmed"] == 1


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("by=name", "by"),
        ("from=yesterday", "from"),
        ("to=2026-02-30", "to"),
        ("from=2026-11-25&to=2026-11-24", "to"),
        ("from=2026-11-24T10:00:00Z", "from"),
        ("to=0001-01-01T00:00:00Z", "to"),
        ("top=3", "top"),
        ("by=day&top=3", "top"),
        ("by=all&top=3", "top"),
        ("by=source&top=0", "top"),
        ("by=source&top=1000", "top"),
        ("by=source&top=٣", "top"),
    ],
)
def test_an_invalid_parameter_is_a_422_with_its_name(fake_site: FakeSite, query: str, field: str) -> None:
    answer = get_as_bob(fake_site, f"{COUNTS_URL}?{query}")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json_body["errors"]] == [field]
