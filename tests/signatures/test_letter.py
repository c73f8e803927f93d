"""What a signature stores of its letter, and how the letter reads."""

import pytest

from chalicelib.signatures.letter import SignedLetter, written
from tests.actors import a_petition
from tests.letters.lettering import LETTER

FIRST = LETTER["openings"][0]


@pytest.mark.parametrize(
    ("opening", "expected"),
    [
        (None, LETTER["openings"][0]),
        (1, LETTER["openings"][1]),
        ("My own words", "My own words"),
        (7, LETTER["openings"][0]),
    ],
)
def test_a_letter_begins_with_the_chosen_opening(opening: int | str | None, expected: str) -> None:
    letter = a_petition(letter=LETTER).letter
    assert letter
    assert written(letter, SignedLetter(version="1", opening=opening)).opening == expected
