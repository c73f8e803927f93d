"""Formulas are escaped, reversibly."""

import pytest
from hypothesis import given, strategies as st

from chalicelib.core.printable import escape_formula
from tests.exporting import original


@pytest.mark.parametrize(
    "value",
    ["=1+1", "+44", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠a", "\u200d=1", "\u200b\ufeff@a"],
)
def test_formulas_are_escaped_with_an_apostrophe(value: str) -> None:
    assert escape_formula(value) == f"'{value}"
    assert escape_formula(f"'{value}") == f"''{value}"


@pytest.mark.parametrize("value", ["'t Hooft", "O'Neill", "Alice", "李", "", "'"])
def test_other_values_stay_as_they_are(value: str) -> None:
    assert escape_formula(value) == value


@given(st.text(alphabet="'=+-@\t＝\u200dabc", max_size=6))
def test_escaping_is_reversible(value: str) -> None:
    assert original(escape_formula(value)) == value
    assert escape_formula(value)[:1] not in set("=+-@\t＝")
