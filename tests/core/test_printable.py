"""Headers of emails have no characters that print nothing, and nothing that email programs decode.

Formulas are escaped, reversibly.
"""

import pytest
from hypothesis import given, strategies as st

from chalicelib.core.printable import escape_formula, header_errors, one_line
from tests.exporting import original


@pytest.mark.parametrize("text", ["Zoë O'Neill", "می\u200cخواهم", "Two  words", "", None])
def test_a_printable_line_may_be_a_header(text: str | None) -> None:
    assert header_errors({"title": text}) == []


@pytest.mark.parametrize("text", ["a\nb", "a\tb", "a\x7f", "a\x9b", "a\u2029b", "\u202ea", "a\ufffd", "=?utf-8?q?a?="])
def test_another_text_is_an_error_of_its_field(text: str) -> None:
    assert [error.field for error in header_errors({"title": text, "charity": "Harbour"})] == ["title"]


def test_a_stored_text_becomes_one_printable_line() -> None:
    assert one_line(" a\r\nb\x00\u202e c\u2028d ") == "a b c d"


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
