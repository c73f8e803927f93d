"""Text in [square brackets] is found in every text that the public reads."""

import time
from typing import Any

import pytest

from chalicelib.petitions.transition import gap_errors, warning_of_gaps
from tests.actors import WELSH, a_petition
from tests.letters.lettering import LETTER, TARGET, WELSH_LETTER


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"summary": "[Who]", "text": "[What]", "target": "[Whom]"}, "the summary, the text, the target"),
        ({"charity": "[Us]"}, "the charity"),
        ({"text": "[Write\nyour text here]"}, "the text"),
        ({"letter": LETTER | {"subject": "[What]", "body": "[What]"}}, "the letter"),
        ({"letter": LETTER | {"openings": ["[Who]"]}}, "the letter"),
        ({"letter": LETTER | {"targets": [TARGET | {"name": "[Whom]"}]}}, "the letter"),
        ({"translations": {"cy": WELSH | {"letter": WELSH_LETTER | {"body": "[Beth]"}}}}, "the letter (cy)"),
    ],
)
def test_other_gaps_are_named(changes: dict[str, Any], names: str) -> None:
    petition = a_petition(**changes)
    assert gap_errors(petition) == []
    [warning] = warning_of_gaps(petition)
    assert warning.message.endswith(f"which the public would read, in {names}")


def test_a_long_text_of_brackets_is_searched_at_once() -> None:
    petition = a_petition(text="[" * 20_000)
    began = time.thread_time()
    assert warning_of_gaps(petition) == []
    assert time.thread_time() - began < 0.5
