"""The access file contains a person's letter: its text, what the person agreed to, and its deliveries."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core.letter_keys import letter_delivery
from chalicelib.core.rights import Right
from chalicelib.core.times import iso
from chalicelib.letters.deliveries import LETTERS
from chalicelib.petitions.edit import publish
from chalicelib.signatures.withdraw import withdraw
from tests.actors import NOW, WELSH, a_petition, a_published_petition, bobs_token, change_item, confirmed, key_of
from tests.fake_site import FakeSite
from tests.letters.lettering import LETTER, WELSH_LETTER, a_petition_with_a_letter, confirmed_with_a_letter
from tests.people.test_api import ask, path_of

TO_THE_MAYOR: dict[str, Any] = LETTER | {"targets": [{**LETTER["targets"][0], "key": "mayor", "name": "Mayor"}]}


def letter_in_file(fake_site: FakeSite, identity: str) -> Any:
    token = bobs_token(fake_site.tables, NOW, Right.PEOPLE)
    [signature] = ask(fake_site, token, "POST", path_of(identity, "access")).json_body["signatures"]
    return signature["letter"]


def test_the_file_has_the_letter_as_it_was_confirmed(fake_site: FakeSite) -> None:
    petition = a_petition_with_a_letter(fake_site)
    identity = confirmed_with_a_letter(fake_site, petition, subject="My subject", opening=1, reply=True)
    publish(a_petition(letter=LETTER | {"body": "Edited"}), NOW, fake_site.tables)
    assert letter_in_file(fake_site, identity) == {
        "agreed": {
            "version": petition.letter_version,
            "subject": "My subject",
            "opening": LETTER["openings"][1],
            "body": LETTER["body"],
            "targets": ["Home Secretary"],
            "send_wording": LETTER["send_wording"],
            "reply": True,
            "reply_wording": LETTER["reply_wording"],
        },
        "asked": None,
        "deliveries": [],
    }


def test_the_file_has_a_letter_that_was_requested_but_not_confirmed(fake_site: FakeSite) -> None:
    petition = a_petition_with_a_letter(fake_site)
    identity = confirmed(fake_site.tables, petition)
    asked = {"version": petition.letter_version, "body": "Somebody typed this.", "asked_at": iso(NOW)}
    change_item(fake_site.tables, petition, identity, letter_asked=asked)
    letter = letter_in_file(fake_site, identity)
    assert (letter["agreed"], letter["asked"]["body"]) == (None, "Somebody typed this.")


def test_the_file_has_the_letter_in_the_language_in_which_it_was_signed(fake_site: FakeSite) -> None:
    welsh = {"cy": WELSH | {"letter": WELSH_LETTER}}
    petition = a_published_petition(fake_site.tables, letter=LETTER, translations=welsh)
    identity = confirmed_with_a_letter(fake_site, petition)
    publish(a_petition(letter=LETTER, language="cy"), NOW, fake_site.tables)
    assert letter_in_file(fake_site, identity)["agreed"]["body"] == LETTER["body"]


def test_a_letter_that_was_sent_stays_in_the_file_after_withdrawing(fake_site: FakeSite) -> None:
    petition = a_petition_with_a_letter(fake_site)
    identity = confirmed_with_a_letter(fake_site, petition)
    request = LETTERS.request(letter_delivery(petition.slug, "home-secretary", identity), NOW, fake_site.tables)
    LETTERS.mark_sent(request, NOW, fake_site.tables)
    withdraw(key_of(petition, identity), petition, NOW, fake_site.tables)
    letter = letter_in_file(fake_site, identity)
    assert letter["agreed"] is None
    [delivery] = letter["deliveries"]
    assert (delivery["target"], delivery["sent_at"], delivery["waiting_since"]) == (
        "Home Secretary",
        "2026-11-24T12:00:00Z",
        None,
    )


def test_the_file_has_the_present_name_of_a_target_that_staff_renamed_and_named_as_before(fake_site: FakeSite) -> None:
    petition = a_petition_with_a_letter(fake_site)
    identity = confirmed_with_a_letter(fake_site, petition)
    LETTERS.request(letter_delivery(petition.slug, "home-secretary", identity), NOW, fake_site.tables)
    for days, name in enumerate(("Somebody Else", "Home Secretary"), 1):
        letter = LETTER | {"targets": [LETTER["targets"][0] | {"name": name}]}
        publish(a_petition(letter=letter), NOW + timedelta(days=days), fake_site.tables)
    [delivery] = letter_in_file(fake_site, identity)["deliveries"]
    assert delivery["target"] == "Home Secretary"


def test_the_file_has_the_email_to_a_target_that_staff_removed(fake_site: FakeSite) -> None:
    petition = a_petition_with_a_letter(fake_site)
    identity = confirmed_with_a_letter(fake_site, petition)
    LETTERS.request(letter_delivery(petition.slug, "home-secretary", identity), NOW, fake_site.tables)
    publish(a_petition(letter=None), NOW, fake_site.tables)
    assert [each["target"] for each in letter_in_file(fake_site, identity)["deliveries"]] == ["Home Secretary"]


@pytest.mark.parametrize("later", [None, TO_THE_MAYOR])
def test_the_file_has_the_email_to_a_removed_target_after_a_withdrawal(
    fake_site: FakeSite, later: dict[str, Any] | None
) -> None:
    petition = a_petition_with_a_letter(fake_site)
    identity = confirmed_with_a_letter(fake_site, petition)
    LETTERS.request(letter_delivery(petition.slug, "home-secretary", identity), NOW, fake_site.tables)
    publish(a_petition(letter=later), NOW, fake_site.tables)
    withdraw(key_of(petition, identity), petition, NOW, fake_site.tables)
    assert [each["target"] for each in letter_in_file(fake_site, identity)["deliveries"]] == ["Home Secretary"]


def test_the_file_has_an_earlier_letter_after_signing_again_without_one(fake_site: FakeSite) -> None:
    petition = a_petition_with_a_letter(fake_site)
    identity = confirmed_with_a_letter(fake_site, petition)
    LETTERS.request(letter_delivery(petition.slug, "home-secretary", identity), NOW, fake_site.tables)
    withdraw(key_of(petition, identity), petition, NOW, fake_site.tables)
    without_letter = publish(a_petition(letter=None), NOW, fake_site.tables)
    confirmed(fake_site.tables, without_letter, now=NOW + timedelta(hours=1))
    assert [each["target"] for each in letter_in_file(fake_site, identity)["deliveries"]] == ["Home Secretary"]


def test_the_file_has_the_email_to_a_removed_target_after_signing_again(
    fake_site: FakeSite,
) -> None:
    petition = a_petition_with_a_letter(fake_site)
    identity = confirmed_with_a_letter(fake_site, petition)
    LETTERS.request(letter_delivery(petition.slug, "home-secretary", identity), NOW, fake_site.tables)
    edited = publish(a_petition(letter=TO_THE_MAYOR), NOW, fake_site.tables)
    change_item(fake_site.tables, petition, identity, letter={"version": edited.letter_version})  # Signed again.
    assert [each["target"] for each in letter_in_file(fake_site, identity)["deliveries"]] == ["Home Secretary"]


def test_the_letter_is_null_in_the_file_if_the_petition_has_no_letter(fake_site: FakeSite) -> None:
    identity = confirmed(fake_site.tables, a_published_petition(fake_site.tables))
    assert letter_in_file(fake_site, identity) is None
