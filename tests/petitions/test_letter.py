"""A petition's letter: its targets, its languages and its versions."""

from typing import Any

import pytest
from pydantic import ValidationError

from chalicelib.core.errors import Unavailable
from chalicelib.petitions.edit import publish
from chalicelib.petitions.find import letter_as_signed
from chalicelib.petitions.model import Petition
from tests.actors import NOW, WELSH, a_petition
from tests.fake_site import FakeSite
from tests.fakes import FakeTables
from tests.letters.lettering import LETTER, TARGET, WELSH_LETTER


def version_with(**changes: Any) -> str:
    return a_petition(letter=LETTER | changes).letter_version


@pytest.mark.parametrize(
    "changes",
    [
        {"targets": []},
        {"targets": [TARGET, TARGET]},
        {"targets": [TARGET | {"key": "home_secretary"}]},
        {"targets": [TARGET | {"email": "nobody"}]},
        {"targets": [TARGET | {"email": "bö@target.example"}]},
        {"targets": [TARGET | {"email": "a,b@target.example"}]},
        {"targets": [TARGET | {"test_to": "bob@chärity.example"}]},
        {"targets": [TARGET | {"delivery": {"mode": "pigeon"}}]},
        {"subject": ""},
        {"subject": "Two\nlines"},
        {"body": "x" * 3001},
        {"body": "ω" * 2001},
        {"openings": ["x"] * 11},
    ],
)
def test_a_wrong_letter_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        a_petition(letter=LETTER | changes)


@pytest.mark.parametrize("name", ["subject", "body", "openings", "send_wording", "reply_wording", "targets"])
def test_a_change_of_anything_that_people_agree_to_send_changes_the_letters_version(name: str) -> None:
    other: Any = {"openings": ["Other"], "targets": [TARGET | {"name": "Minister"}]}.get(name, "Other")
    assert version_with(**{name: other}) != version_with()


def test_a_corrected_address_or_pace_of_a_target_keeps_the_letters_version() -> None:
    corrected = TARGET | {"email": "other@target.example", "delivery": {"mode": "paced", "per_hour": 5}}
    assert version_with(targets=[corrected]) == version_with()


def test_the_letter_is_shown_in_the_language_of_the_page() -> None:
    petition = a_petition(letter=LETTER, translations={"cy": WELSH | {"letter": WELSH_LETTER}})
    welsh = petition.in_language("cy")
    assert welsh.letter
    assert welsh.letter.subject == WELSH_LETTER["subject"]
    assert [target.name for target in welsh.letter.targets] == ["Ysgrifennydd Cartref"]
    assert welsh.letter_version == petition.letter_version != version_with()


def test_a_translation_without_a_letter_shows_the_letter_of_the_main_language() -> None:
    letter = a_petition(letter=LETTER, translations={"cy": WELSH}).in_language("cy").letter
    assert letter
    assert letter.subject == LETTER["subject"]


def test_a_missing_version_of_the_letter_is_unavailable(tables: FakeTables) -> None:
    with pytest.raises(Unavailable):
        letter_as_signed("safe-children", "0" * 12, tables)


def test_the_api_has_the_letter_in_the_chosen_language_without_addresses(fake_site: FakeSite) -> None:
    publish(a_petition(letter=LETTER, translations={"cy": WELSH | {"letter": WELSH_LETTER}}), NOW, fake_site.tables)
    english = fake_site.get("/api/petitions/safe-children")
    welsh = fake_site.get("/api/petitions/safe-children?lang=cy")
    letter = english.json_body["letter"]
    for name in ("subject", "body", "openings"):
        assert letter[name] == LETTER[name]
    assert letter["targets"] == ["Home Secretary"]
    assert letter["may_edit"] is True
    consents = [(each["name"], each["wording"]) for each in letter["consents"]]
    assert consents == [("send", LETTER["send_wording"]), ("reply", LETTER["reply_wording"])]
    assert welsh.json_body["letter"]["targets"] == ["Ysgrifennydd Cartref"]
    page = fake_site.get("/petitions/safe-children")
    assert TARGET["email"] not in english.body.decode() + page.body.decode()


def test_a_petition_without_a_letter_does_not_mention_letters(fake_site: FakeSite, petition: Petition) -> None:
    assert "letter" not in fake_site.get("/api/petitions/safe-children").json_body
    assert "letter" not in fake_site.get("/petitions/safe-children").body.decode().partition("<main")[2]


def test_the_page_never_shows_a_targets_address(fake_site: FakeSite) -> None:
    publish(a_petition(letter=LETTER), NOW, fake_site.tables)
    assert TARGET["email"] not in fake_site.get("/petitions/safe-children").body.decode()
