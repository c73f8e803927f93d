"""Confirmed by version and by postcode area: every row, and what is not sorted yet."""

from collections import Counter

import pytest
from hypothesis import given, strategies as st

from chalicelib.projections.dimensions import NOT_YET, Dimension, dimensions_of, rows_by

NAMES = st.sampled_from(["pending", "v.one", "v.two", "a.SW", "a.BT", "a.none", "a.abroad"])


@pytest.mark.parametrize(
    ("country", "postcode", "area"),
    [
        ("GB", "SW1A 1AA", "a.SW"),
        ("GB", "M1 1AE", "a.M"),
        ("GB", "GIR 0AA", "a.GIR"),
        ("GB", "", "a.none"),
        ("NL", "1011 AB", "a.abroad"),
        ("IE", "D02 AF30", "a.abroad"),
    ],
)
def test_a_postcode_area_is_the_letters_it_begins_with(country: str, postcode: str, area: str) -> None:
    given_one = {"postcode": postcode} if postcode else {}
    assert list(dimensions_of({"text_version": "one", "country": country, **given_one})) == ["v.one", area]


@given(st.dictionaries(NAMES, st.integers(-3, 9)), st.integers(0, 50), st.sampled_from(Dimension))
def test_whatever_was_sorted_the_rows_sum_to_what_is_confirmed(
    numbers: dict[str, int], confirmed: int, by: Dimension
) -> None:
    rows = rows_by(by, Counter(numbers), confirmed)
    assert sum(rows.values()) == confirmed
    assert 0 not in rows.values()


def test_what_is_not_sorted_yet_is_a_row_of_its_own() -> None:
    assert rows_by(Dimension.AREA, Counter({"a.SW": 2, "a.none": 1, "v.one": 3}), 4) == {
        "SW": 2,
        "no postcode": 1,
        NOT_YET: 1,
    }
