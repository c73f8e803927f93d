"""Bad input is a user too: a sentence for each field, and nothing of what was typed."""

import json

import pytest
from pydantic import BaseModel, ConfigDict

from chalicelib.core.errors import Invalid, NotJson
from chalicelib.core.validation import Words, parsed


class Letter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    to: str
    copies: int = 1


def told(body: object, words: Words | None = None) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        parsed(Letter, json.dumps(body), words or Words())
    return {error.field: error.message for error in refused.value.errors}


def test_what_fits_is_handed_on() -> None:
    assert parsed(Letter, '{"to": "a"}') == Letter(to="a")


def test_each_field_has_its_sentence() -> None:
    assert told({"copies": "many", "colour": 1}) == {
        "to": "This field is required",
        "copies": "Must be a whole number",
        "colour": "There is no such field",
    }


def test_a_form_may_use_its_own_words() -> None:
    words = Words(missing={"to": "Say who it is for"}, wrong={"copies": "Use a number"})
    assert told({"copies": "many"}, words) == {"to": "Say who it is for", "copies": "Use a number"}


@pytest.mark.parametrize("body", ["", "{", "\x00", "{'to': 1}"])
def test_what_is_no_json_is_another_matter(body: str) -> None:
    with pytest.raises(NotJson):
        parsed(Letter, body)
