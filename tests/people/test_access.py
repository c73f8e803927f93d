"""The file of all data held on one person."""

import json

from chalicelib.core.times import iso
from chalicelib.partners.form import read_signature
from chalicelib.partners.receive import take_each
from chalicelib.petitions.model import Petition
from chalicelib.petitions.publish import publish
from chalicelib.signatures.withdraw import unsubscribe
from tests.actors import (
    ALICE,
    NOW,
    WELSH,
    a_published_petition,
    change_item,
    confirmed,
    identity_of,
    item_of,
    key_of,
    signed,
)
from tests.fake_site import FakeSite
from tests.partnering import a_partner, a_receiving_context, sent_of
from tests.people.test_api import ask, path_of


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


def test_the_access_file_says_when_the_person_stopped_updates(
    fake_site: FakeSite, token: str, petition: Petition
) -> None:
    identity = confirmed(fake_site.tables, petition, updates=True)
    unsubscribe(key_of(petition, identity), NOW, fake_site.tables)
    [signature] = ask(fake_site, token, "POST", path_of(identity, "access")).json_body["signatures"]
    assert (signature["person"]["updates"], signature["times"]["unsubscribed_at"]) == (False, iso(NOW))


def test_the_access_file_has_the_wording_in_the_language_that_was_signed_in(fake_site: FakeSite, token: str) -> None:
    petition = a_published_petition(fake_site.tables, slug="in-welsh", translations={"cy": WELSH})
    identity = confirmed(fake_site.tables, petition, language="cy")
    answer = ask(fake_site, token, "POST", f"/api/staff/people/in-welsh/{identity}/access")
    [signature] = [each for each in answer.json_body["signatures"] if each["petition"]["slug"] == "in-welsh"]
    assert signature["person"]["language"] == "cy"
    assert [each["wording"] for each in signature["consents"]] == [WELSH["sign_wording"], WELSH["updates_wording"]]
    ask(fake_site, token, "POST", f"/api/staff/people/in-welsh/{identity}/withdraw")
    assert "language" not in item_of(fake_site.tables, petition, identity), "the language is personal data"


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
    oak = a_partner(fake_site.tables)
    sent = sent_of(language="cy", consent={"wording": "I sign, says Oak", "version": "2", "updates": True})
    take_each([read_signature(sent, oak, NOW)], a_receiving_context(fake_site.tables, petition, oak), NOW)
    signed(fake_site.tables, petition)
    publish(petition.model_copy(update={"text": "Another text", "translations": {}}), NOW, fake_site.tables)
    path = f"/api/staff/people/in-welsh/{identity_of(petition)}/access"
    [signature] = ask(fake_site, token, "POST", path).json_body["signatures"]
    assert (signature["obtained"]["by"], signature["obtained"]["also_by"]) == ("Partner-Oak", [petition.charity])
    text = signature["signed_text"]
    assert (text["text"], text["version"]) == (WELSH["text"], f"{petition.text_version}.2")
    consents = [(each["to"], each["given"], each["wording"]) for each in signature["consents"]]
    assert consents == [("sign", True, "I sign, says Oak"), ("updates", True, None)]
