"""Markdown as plain text: without marks, and with the address of every link."""

import pytest

from chalicelib.updates.markdown import as_text


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("# What she said\n\nShe said **yes**,\n*at last*.", "What she said\n\nShe said yes,\nat last."),
        ("Then:\n- one\n  more\n- two\n\nEnd", "Then:\n\n- one\n  more\n- two\n\nEnd"),
        ("3. a\n4. b\n   - c", "3. a\n4. b\n   - c"),
        ("0. a\n1. b", "0. a\n1. b"),
        ("- a\n\n- b", "- a\n\n- b"),
        ("> One\n> two\n>\n> three", "> One\n> two\n\n> three"),
        ("[Read **it**](https://gov.example/a)", "Read it (https://gov.example/a)"),
        ("See https://gov.example/a?b=1.", "See https://gov.example/a?b=1."),
        ("[us@harbour.example](mailto:us@harbour.example)", "us@harbour.example"),
        ("[Write](mailto:us@harbour.example)", "Write (us@harbour.example)"),
        ("AT&amp;T \\* <b>", "AT&T * <b>"),
    ],
)
def test_plain_text_has_no_marks_and_keeps_the_address_of_each_link(typed: str, text: str) -> None:
    assert as_text(typed) == text
