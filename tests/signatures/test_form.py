"""The signature form: what it accepts, and the field errors for the rest."""

import json
from typing import Any

import pytest
from hypothesis import strategies as st

from chalicelib.core.errors import Invalid
from chalicelib.signatures.form import read_fields, read_json
from tests.actors import fields_of, json_of

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = ["name", "email", "country", "postcode", "consent", "source"]


def field_errors(body: object) -> dict[str, str]:
    text = body if isinstance(body, str) else json.dumps(body)
    with pytest.raises(Invalid) as caught:
        read_json(text)
    return {error.field: error.message for error in caught.value.errors}


@pytest.mark.parametrize("consent", [{"sign": False}, {"updates": True}, {}])
def test_signing_requires_consent(consent: dict[str, bool]) -> None:
    assert field_errors(json_of(consent=consent)) == {"consent.sign": "Tick the box to sign the petition"}


@pytest.mark.parametrize("value", ["true", "yes", 1, "1", None, [True]])
def test_only_true_is_consent_in_json(value: Any) -> None:
    assert "consent.sign" in field_errors(json_of(consent={"sign": value}))
    assert "consent.updates" in field_errors(json_of(consent={"sign": True, "updates": value}))


@pytest.mark.parametrize("extra", [{"admin": True}, {"consent": {"sign": True, "share": True}}, {"state": "confirmed"}])
def test_unknown_fields_are_refused_by_name(extra: dict[str, Any]) -> None:
    assert list(field_errors(json_of(**extra)).values()) == ["There is no such field"]


def test_each_field_error_says_what_to_do() -> None:
    wrong = json_of(name="=cmd", email="nobody", country="ZZ", source="BBC!")
    assert field_errors(wrong) == {
        "name": "Your name must not start with = + - or @",
        "email": "Enter an email address in the correct format, like name@example.org",
        "country": "Choose a country from the list",
        "source": "Use 1 to 40 lower-case letters, numbers or hyphens",
    }


@pytest.mark.parametrize("field", ["name", "email", "country", "postcode"])
def test_a_value_that_is_not_text_is_refused(field: str) -> None:
    assert field_errors(json_of(**{field: 7})) == {field: "Must be text"}


@pytest.mark.parametrize("value", ["no", "", "false", "0", "off"])
def test_a_negative_value_of_a_checkbox_is_not_consent(value: str) -> None:
    assert not read_fields(fields_of(**{"consent.updates": value})).consent.updates
    with pytest.raises(Invalid):
        read_fields(fields_of(**{"consent.sign": value}))


def test_field_errors_do_not_repeat_what_was_typed() -> None:
    errors = field_errors(json_of(name="=Secretname", email="secret address", country="Secretland", source="SECRET"))
    assert "secret" not in " ".join(errors.values()).lower()
