"""A letter that a supporter types is cleaned. A value that could do harm is refused by its field's name."""

import time
from typing import Any

import pytest
from pydantic import ValidationError

from chalicelib.signatures.form import read_fields
from chalicelib.signatures.letter_form import LetterForm, clean_prose, letter_fields
from tests.actors import fields_of


def refused_fields(**fields: Any) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        LetterForm.model_validate({"send": True} | fields)
    refused = []
    for error in caught.value.errors():
        parts = [str(part) for part in error["loc"]]
        refused.append(".".join(parts))
    return refused


@pytest.mark.parametrize(
    ("typed", "clean"),
    [
        ("  a\r\nb\rc\u2028d  ", "a\nb\nc\nd"),
        ("a \n\n\n\n b\t", "a\n\n b"),
        ("\ufeffso\u00adft\u200b", "soft"),
        ("e\u0301", "é"),
        # A bullet as Word writes it. Windows and phones add marks of direction.
        ("\uf0b7 one\n\uf0a7 two", "• one\n• two"),
        ("\u202aso\u202c \u2068it\u2069", "so it"),
    ],
)
def test_line_ends_and_invisible_characters_are_cleaned(typed: str, clean: str) -> None:
    assert clean_prose(typed) == clean


def test_a_long_row_of_spaces_is_cleaned_within_a_second() -> None:
    text = f"a{' ' * 40_000}b"
    began = time.process_time()
    assert clean_prose(text) == text
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("subject", "Hello\r\nBcc: everybody@mail.example"),
        ("subject", "Hello\nBcc: x"),
        ("subject", "Hello\x00"),
        ("subject", "Hello =?utf-8?b?cGF5?="),
        ("subject", "x" * 151),
        ("subject", 5),
        ("body", "Hello\x1b[31m"),
        ("body", "\u202eolleh"),
        ("body", "x" * 3001),
        ("opening", "x" * 501),
        ("opening", True),
        ("opening", 1.5),
        ("opening", ["x"]),
        ("reply", "yes"),
        ("send", "yes"),
        ("to", "mallory@mail.example"),
    ],
)
def test_a_value_that_could_do_harm_is_refused_by_its_fields_name(field: str, value: object) -> None:
    assert refused_fields(**{field: value}) == [field]


def test_a_letter_may_contain_an_emoji_with_joiners_and_another_script() -> None:
    body = "Diolch 👩‍👩‍👧! می‌خواهم"
    assert LetterForm(send=True, body=body).body == body


def test_a_form_whose_box_is_not_ticked_sends_no_letter() -> None:
    """Browsers send the other fields in any case."""
    assert letter_fields({"letter.subject": "a\nb", "letter.reply": "yes"}) is None
    assert read_fields(fields_of(**{"letter.body": "x" * 5000})).letter is None


@pytest.mark.parametrize(
    ("typed", "opening"), [("0", 0), ("3", 3), ("none", ""), ("My own", "My own"), ("1234", "1234")]
)
def test_an_opening_from_the_form_is_an_index_or_a_text(typed: str, opening: int | str) -> None:
    assert letter_fields({"letter.send": "yes", "letter.opening": typed}) == {
        "send": True,
        "reply": False,
        "opening": opening,
    }
