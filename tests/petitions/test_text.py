"""A petition in several languages: its versions, and fields without a translation."""

from typing import Any

import pytest
from pydantic import ValidationError

from chalicelib.petitions.text import text_of
from tests.actors import NOW, WELSH, a_petition


def test_a_changed_translation_makes_another_version() -> None:
    welsh = a_petition(translations={"cy": WELSH})
    other_text = a_petition(translations={"cy": {**WELSH, "text": "x"}})
    other_wording = a_petition(translations={"cy": {**WELSH, "sign_wording": "x"}})
    assert len({a_petition().text_version, welsh.text_version, other_text.text_version}) == 3
    assert len({a_petition().consent_version, welsh.consent_version, other_wording.consent_version}) == 3
    assert text_of(welsh, NOW).translations["cy"].sign_wording == WELSH["sign_wording"]


def test_an_untranslated_field_is_in_the_main_language() -> None:
    without_target = {name: text for name, text in WELSH.items() if name != "target"}
    petition = a_petition(translations={"cy": without_target})
    assert petition.languages == ["en", "cy"]
    welsh = petition.in_language("cy")
    assert (welsh.title, welsh.target) == (WELSH["title"], petition.target)
    assert welsh.version == petition.version, "what is signed is the same in all languages"
    assert petition.in_language("fr") == petition


@pytest.mark.parametrize(
    "wrong",
    [
        {"translations": {"cy": {"title": "x"}}},
        {"translations": {"en": WELSH}},
        {"translations": {"xx": WELSH}},
        {"translations": {"../languages/cy": WELSH}},
        {"language": "xx"},
        {"language": "cy", "translations": {"cy": WELSH}},
    ],
)
def test_an_incomplete_translation_or_an_unknown_language_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        a_petition(**wrong)
