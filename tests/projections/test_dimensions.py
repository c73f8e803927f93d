"""Confirmed by version and postcode area: the rows, and the row for the rest."""

from collections import Counter

import pytest
from hypothesis import given, strategies as st

from chalicelib.projections.dimensions import NOT_YET_ASSIGNED, Dimension, number_names_of, rows_by

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
def test_a_postcode_area_is_its_first_letters(country: str, postcode: str, area: str) -> None:
    optional = {"postcode": postcode} if postcode else {}
    assert list(number_names_of({"text_version": "one", "country": country, **optional})) == ["v.one", area]


@given(st.dictionaries(NAMES, st.integers(-3, 9)), st.integers(0, 50), st.sampled_from(Dimension))
def test_the_rows_always_sum_to_confirmed(numbers: dict[str, int], confirmed: int, by: Dimension) -> None:
    rows = rows_by(by, Counter(numbers), confirmed)
    assert sum(rows.values()) == confirmed
    assert 0 not in rows.values()


def test_unassigned_signatures_have_a_row() -> None:
    assert rows_by(Dimension.AREA, Counter({"a.SW": 2, "a.none": 1, "v.one": 3}), 4) == {
        "SW": 2,
        "no postcode": 1,
        NOT_YET_ASSIGNED: 1,
    }
