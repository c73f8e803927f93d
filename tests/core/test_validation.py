"""Each invalid field gets one sentence, which never quotes the input."""

import json
import time

import pytest
from pydantic import BaseModel, ConfigDict

from chalicelib.core.errors import Invalid, NotJson
from chalicelib.core.validation import Words, decode_json, parse_body


class Letter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    to: str
    copies: int = 1
    pages: list[int] = []


def errors_of(body: object, words: Words | None = None) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        parse_body(Letter, json.dumps(body), words or Words())
    return {error.field: error.message for error in caught.value.errors}


def test_each_field_error_has_a_sentence() -> None:
    assert errors_of({"copies": "many", "colour": 1}) == {
        "to": "This field is required",
        "copies": "Must be a whole number, in digits only",
        "colour": "There is no such field",
    }


def test_a_form_may_use_its_own_words() -> None:
    words = Words(missing={"to": "Say who it is for"}, wrong={"copies": "Use a number"})
    assert errors_of({"copies": "many"}, words) == {"to": "Say who it is for", "copies": "Use a number"}


def test_a_form_may_have_words_for_each_item_of_a_list() -> None:
    words = Words(wrong={"pages.*": "Number the page", "copies.*": "Not this"})
    found = errors_of({"to": "a", "pages": [1, "two", "three"], "copies": "x"}, words)
    assert found == {
        "pages.1": "Number the page",
        "pages.2": "Number the page",
        "copies": "Must be a whole number, in digits only",
    }


@pytest.mark.parametrize(
    "body", ["", "{", "\x00", "{} {}", "[" * 10_000, "{'to': 1}", '{"to": NaN}', '{"copies": -Infinity}', '"\\ud800"']
)
def test_a_body_that_is_not_json_raises_notjson(body: str) -> None:
    with pytest.raises(NotJson):
        parse_body(Letter, body)
    with pytest.raises(NotJson):
        decode_json(body)


def test_a_field_given_twice_is_refused_because_readers_differ_on_which_value_counts() -> None:
    with pytest.raises(Invalid) as caught:
        parse_body(Letter, '{"to": "a", "copies": 1, "copies": 2}')
    assert [(error.field, error.message) for error in caught.value.errors] == [("copies", "Give this field once")]


def test_many_fields_of_which_one_is_given_twice_are_refused_within_a_second() -> None:
    fields = ",".join(f'"{number}":0' for number in [*range(50_000), 7])
    began = time.process_time()
    with pytest.raises(Invalid) as caught:
        decode_json(f"{{{fields}}}")
    assert [error.field for error in caught.value.errors] == ["7"]
    assert time.process_time() - began < 1
