"""Counts as CSV."""

import re

import pytest

from chalicelib.core.sources import SOURCE_PATTERN
from chalicelib.petitions.model import Petition
from tests.actors import confirmed
from tests.fake_site import FakeSite
from tests.projections.test_api import COUNTS_URL, csv_rows, get_as_bob


def test_a_csv_of_all_breakdowns_names_the_breakdown_of_each_row(signed_site: FakeSite) -> None:
    rows = csv_rows(get_as_bob(signed_site, f"{COUNTS_URL}?by=all&format=csv"))
    assert {"by": "country", "key": "NL", "confirmed": "1"} in rows


def test_csv_is_chosen_by_format_or_accept(signed_site: FakeSite) -> None:
    by_format = get_as_bob(signed_site, f"{COUNTS_URL}?by=country&format=csv")
    by_accept = get_as_bob(signed_site, f"{COUNTS_URL}?by=country", accept="text/csv")
    assert by_format.body == by_accept.body
    assert by_format.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert csv_rows(by_format) == [{"key": "GB", "confirmed": "1"}, {"key": "NL", "confirmed": "1"}]
    assert (
        get_as_bob(signed_site, f"{COUNTS_URL}?format=json", accept="text/csv").headers["Content-Type"]
        == "application/json"
    )


def test_totals_are_available_as_csv(signed_site: FakeSite) -> None:
    (row,) = csv_rows(get_as_bob(signed_site, f"{COUNTS_URL}?format=csv"))
    assert row == {"slug": "safe-children", "confirmed": "2", "pending": "0", "as_of": "2026-11-26T12:00:00Z"}


def test_an_empty_csv_has_a_header(fake_site: FakeSite) -> None:
    assert get_as_bob(fake_site, f"{COUNTS_URL}?by=day&format=csv").body == b"key,confirmed\r\n"


@pytest.mark.parametrize("source", ["-2", "-a1", "--", "-"])
def test_a_source_is_never_a_formula_in_csv(fake_site: FakeSite, petition: Petition, source: str) -> None:
    """A source may start with a hyphen, which a spreadsheet would read as a formula."""
    assert re.fullmatch(SOURCE_PATTERN, source)
    confirmed(fake_site.tables, petition, source=source)
    (row,) = csv_rows(get_as_bob(fake_site, f"{COUNTS_URL}?by=source&format=csv"))
    assert row["key"][0] not in "=+-@\t\r"
    assert source in row["key"]
