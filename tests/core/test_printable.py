"""Texts for headers of emails have no characters that print nothing, and nothing that email programs decode."""

import pytest

from chalicelib.core.printable import header_errors, one_line


@pytest.mark.parametrize("text", ["Zoë O'Neill", "می\u200cخواهم", "Two  words", "", None])
def test_a_printable_line_may_be_a_header(text: str | None) -> None:
    assert header_errors({"title": text}) == []


@pytest.mark.parametrize("text", ["a\nb", "a\tb", "a\x7f", "a\x9b", "a\u2029b", "\u202ea", "a\ufffd", "=?utf-8?q?a?="])
def test_another_text_is_an_error_of_its_field(text: str) -> None:
    assert [error.field for error in header_errors({"title": text, "charity": "Harbour"})] == ["title"]


def test_a_stored_text_becomes_one_printable_line() -> None:
    assert one_line(" a\r\nb\x00\u202e c\u2028d ") == "a b c d"
