"""The file of all data held on one person."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core.letter_keys import letter_delivery
from chalicelib.core.rights import Right
from chalicelib.letters.deliveries import LETTERS
from chalicelib.people.words import sections
from chalicelib.petitions.edit import publish
from chalicelib.petitions.model import Petition
from chalicelib.signatures.withdraw import withdraw
from tests.actors import (
    ALICE,
    NOW,
    WELSH,
    a_petition,
    a_published_petition,
    bobs_token,
    change_item,
    confirmed,
    identity_of,
    item_of,
    key_of,
    signed,
)
from tests.asking import ask, audit_records
from tests.fake_site import FakeSite
from tests.letters.lettering import LETTER, a_petition_with_a_letter, confirmed_with_a_letter
from tests.partnering import a_partner, receive, sent_of
from tests.people.test_api import path_of


def test_the_access_file_contains_all_data_held_on_a_person(
    fake_site: FakeSite, token: str, petition: Petition
) -> None:
    other = a_published_petition(fake_site.tables, slug="another")
    identity = confirmed(fake_site.tables, petition, postcode="M1 1AE", source="bbc", updates=True)
    signed(fake_site.tables, other)
    publish(petition.model_copy(update={"text": "Another text", "sign_wording": "Another"}), NOW, fake_site.tables)
    answer = ask(fake_site, token, "POST", path_of(identity, "access"))
    assert answer.headers["Content-Disposition"] == f'attachment; filename="access-{identity}.json"'
    assert answer.headers["Cache-Control"] == "no-store"
    file = answer.json_body
    by_slug = {each["petition"]["slug"]: each for each in file["signatures"]}
    assert by_slug.keys() == {"safe-children", "another"}
    signature = by_slug["safe-children"]
    assert signature["person"] == {
        "name": ALICE.name,
        "email": ALICE.email,
        "country": "GB",
        "postcode": "M1 1AE",
        "source": "bbc",
        "language": None,
        "updates": True,
    }
    assert [(consent["to"], consent["given"], consent["wording"]) for consent in signature["consents"]] == [
        ("sign", True, petition.sign_wording),
        ("updates", True, petition.updates_wording),
    ]
    assert signature["signed_text"]["text"] == petition.text, "the text as signed, not as it is now"
    assert file["not_held"]
    assert file["held_elsewhere"]


def test_every_stored_attribute_is_in_the_access_file(fake_site: FakeSite, token: str, petition: Petition) -> None:
    identity = confirmed(fake_site.tables, petition, postcode="M1 1AE", source="bbc", updates=True)
    mail = {"mails": 3, "mailed_at": "2026-11-23T01:02:03Z", "mail_nudged_at": "2026-11-23T04:05:06Z"}
    change_item(fake_site.tables, petition, identity, undeliverable="bounced", counted_source="other", **mail)
    item = item_of(fake_site.tables, petition, identity)
    file = json.dumps(ask(fake_site, token, "POST", path_of(identity, "access")).json_body)
    # `pk` is the petition and a bucket number. `text_version` is checked below, joined with the consent version.
    for name, value in item.items():
        if name not in ("pk", "updates", "text_version"):
            assert str(value) in file, name
    assert f"{item['text_version']}.{item['consent_version']}" in file


def test_a_withdrawn_signature_is_in_the_access_file_without_personal_data(
    fake_site: FakeSite, token: str, petition: Petition
) -> None:
    identity = confirmed(fake_site.tables, petition)
    ask(fake_site, token, "POST", path_of(identity, "withdraw"))
    [signature] = ask(fake_site, token, "POST", path_of(identity, "access")).json_body["signatures"]
    assert (signature["state"], signature["person"]["email"]) == ("withdrawn", None)
    assert [each["given"] for each in signature["consents"]] == [False, False]


def test_the_access_file_has_the_text_and_the_wording_with_which_a_partner_obtained_the_signature(
    fake_site: FakeSite, token: str
) -> None:
    petition = a_published_petition(fake_site.tables, slug="in-welsh", translations={"cy": WELSH})
    sent = sent_of(language="cy", consent={"wording": "I sign, says Oak", "version": "2", "updates": True})
    receive(fake_site.tables, petition, a_partner(fake_site.tables), sent)
    signed(fake_site.tables, petition)
    publish(petition.model_copy(update={"text": "Another text", "translations": {}}), NOW, fake_site.tables)
    path = f"/api/staff/people/in-welsh/{identity_of(petition)}/access"
    [signature] = ask(fake_site, token, "POST", path).json_body["signatures"]
    assert (signature["obtained"]["by"], signature["obtained"]["also_by"]) == ("Partner-Oak", [petition.charity])
    text = signature["signed_text"]
    assert (text["text"], text["version"]) == (WELSH["text"], f"{petition.text_version}.2")
    consents = [(each["to"], each["given"], each["wording"]) for each in signature["consents"]]
    assert consents == [("sign", True, "I sign, says Oak"), ("updates", True, None)]


TO_THE_MAYOR: dict[str, Any] = LETTER | {"targets": [{**LETTER["targets"][0], "key": "mayor", "name": "Mayor"}]}
RENAMED: dict[str, Any] = LETTER | {"targets": [{**LETTER["targets"][0], "name": "Somebody Else"}]}


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


@pytest.mark.parametrize(
    ("later", "is_withdrawn"),
    [([RENAMED, LETTER], False), ([None], False), ([None], True), ([TO_THE_MAYOR], True)],
    ids=["renamed and named as before", "removed", "removed and withdrawn", "replaced and withdrawn"],
)
def test_the_file_has_the_email_to_a_target_that_staff_renamed_or_removed(
    fake_site: FakeSite, later: list[dict[str, Any] | None], is_withdrawn: bool
) -> None:
    petition = a_petition_with_a_letter(fake_site)
    identity = confirmed_with_a_letter(fake_site, petition)
    LETTERS.request(letter_delivery(petition.slug, "home-secretary", identity), NOW, fake_site.tables)
    for days, letter in enumerate(later):
        publish(a_petition(letter=letter), NOW + timedelta(days=days), fake_site.tables)
    if is_withdrawn:
        withdraw(key_of(petition, identity), petition, NOW, fake_site.tables)
    assert [each["target"] for each in letter_in_file(fake_site, identity)["deliveries"]] == ["Home Secretary"]


def test_the_letter_is_null_in_the_file_if_the_petition_has_no_letter(fake_site: FakeSite) -> None:
    identity = confirmed(fake_site.tables, a_published_petition(fake_site.tables))
    assert letter_in_file(fake_site, identity) is None


def test_the_file_in_words_says_everything_and_comes_as_a_pdf(
    fake_site: FakeSite, token: str, petition: Petition
) -> None:
    identity = confirmed(fake_site.tables, petition, postcode="M1 1AE", source="bbc", updates=True)
    answer = ask(fake_site, token, "POST", path_of(identity, "file"))
    assert answer.status_code == 200, answer.body
    file = answer.json_body
    assert file["title"] == "What Harbour for Children holds about you"
    facts = {fact["name"]: fact["value"] for section in file["sections"] for fact in section["facts"]}
    assert (facts["Name"], facts["Country"], facts["Postcode"]) == (ALICE.name, "United Kingdom", "M1 1AE")
    assert facts["Confirmed at"] == "24 November 2026, 12:00 UTC"
    assert base64.b64decode(file["pdf"]).startswith(b"%PDF-")
    [entry] = audit_records(fake_site)
    assert entry.action.name == "access.exported"


def test_every_value_of_the_file_is_in_its_words(fake_site: FakeSite, token: str) -> None:
    petition = a_petition_with_a_letter(fake_site)
    identity = confirmed_with_a_letter(fake_site, petition)
    data = ask(fake_site, token, "POST", path_of(identity, "access")).json_body
    words = json.dumps([section.facts for section in sections(data)])
    for value in _texts_in(data):
        assert json.dumps(value)[1:-1] in words or value.endswith("Z") or len(value) == 2, value


def _texts_in(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for part in parts for text in _texts_in(part)]
