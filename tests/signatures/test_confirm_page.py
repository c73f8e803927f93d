"""The page to confirm on: corrections, and the text that was signed."""

from datetime import timedelta

import pytest

from chalicelib.core import tokens
from chalicelib.core.caching import forget_all
from chalicelib.core.times import iso
from chalicelib.core.tokens import Purpose, Subject
from chalicelib.people.texts import signed_texts
from chalicelib.petitions.model import Petition
from chalicelib.signatures import store
from chalicelib.signatures.look_up import StoredSignature
from chalicelib.signatures.withdraw import unsubscribe
from tests.actors import (
    ALICE,
    BOB,
    DAY,
    NOW,
    TOKEN_KEYS,
    a_petition,
    a_published_petition,
    confirmed,
    item_of,
    key_of,
    signed,
)
from tests.fake_site import FakeSite
from tests.fakes import FakeTables
from tests.signatures.test_links import count, post, sign_and_email_alice


def test_a_link_shows_and_changes_nothing_personal_after_confirming(fake_site: FakeSite, petition: Petition) -> None:
    identity = sign_and_email_alice(fake_site)
    link = fake_site.last_link("confirm")
    pages = [
        post(fake_site, link),
        fake_site.get(link),
        post(fake_site, link, name="=x"),
        post(fake_site, link, name="Mallory"),
    ]
    for page in pages:
        assert page.status_code == 200
        for personal in (ALICE.name, ALICE.email, "M1 1AE"):
            assert personal not in page.body.decode()
    assert item_of(fake_site.tables, petition, identity)["name"] == ALICE.name


def test_the_recorded_text_version_is_that_of_the_text_shown_or_else_of_the_text_signed(fake_site: FakeSite) -> None:
    old = a_petition()
    identities = {is_shown: signed(fake_site.tables, old, person) for is_shown, person in ((True, ALICE), (False, BOB))}
    new = a_published_petition(fake_site.tables, text="We ask for more.")
    forget_all()
    for is_shown, identity in identities.items():
        subject = Subject(old.slug, identity, "GB", "direct")
        token = tokens.issue(Purpose.CONFIRM, subject, NOW + DAY, TOKEN_KEYS)
        version = {"version": new.version} if is_shown else {}
        assert fake_site.post_form("/confirm", {"token": token, **version}).status_code == 200
        expected = new.text_version if is_shown else old.text_version
        assert item_of(fake_site.tables, old, identity)["text_version"] == expected


def test_confirming_again_returns_the_same_page_after_the_link_expires(fake_site: FakeSite, petition: Petition) -> None:
    sign_and_email_alice(fake_site, petition)
    link = fake_site.last_link("confirm")
    assert post(fake_site, link).body == post(fake_site, link).body
    fake_site.clock.forward(timedelta(days=15))
    for late in (post(fake_site, link), fake_site.get(link)):
        assert "Thank you. Your signature is counted." in late.body.decode()
        assert "send me updates" not in late.body.decode()


@pytest.mark.parametrize("asks", ["at once", "later"])
def test_the_owner_of_a_counted_signature_can_ask_for_updates(
    fake_site: FakeSite, petition: Petition, asks: str
) -> None:
    """On the page after confirming, or by the link in the email that answers another signing."""
    identity = sign_and_email_alice(fake_site, petition)
    page = post(fake_site, fake_site.last_link("confirm"))
    if asks == "later":
        page = fake_site.get(fake_site.last_link("confirm"))
    assert "Yes, send me updates" in page.body.decode()
    assert not item_of(fake_site.tables, petition, identity)["updates"]
    fake_site.clock.forward(DAY)
    page = post(fake_site, fake_site.last_link("confirm"), updates="yes", version=petition.version)
    assert "We will email you updates" in page.body.decode()
    item = item_of(fake_site.tables, petition, identity)
    assert (item["updates"], item["updates_at"]) == (True, iso(fake_site.clock()))
    assert count(fake_site) == 1


def test_a_link_from_before_the_end_of_updates_does_not_start_them_again(
    fake_site: FakeSite, petition: Petition
) -> None:
    identity = sign_and_email_alice(fake_site, petition)
    link = fake_site.last_link("confirm")
    post(fake_site, link, updates="yes")
    fake_site.clock.forward(DAY)
    unsubscribe(key_of(petition, identity), fake_site.clock(), fake_site.tables)
    assert "You stopped updates after" in post(fake_site, link, updates="yes").body.decode()
    assert not item_of(fake_site.tables, petition, identity)["updates"]


def test_updates_are_asked_for_with_the_wording_that_was_shown(fake_site: FakeSite, petition: Petition) -> None:
    identity = sign_and_email_alice(fake_site, petition)
    link = fake_site.last_link("confirm")
    post(fake_site, link)
    page = post(fake_site, link, updates="yes", version="of another wording")
    assert (page.status_code, item_of(fake_site.tables, petition, identity)["updates"]) == (200, False)
    assert "has just been edited" in page.body.decode()


def test_a_later_consent_to_updates_has_the_wording_of_its_own_page(fake_site: FakeSite, petition: Petition) -> None:
    identity = sign_and_email_alice(fake_site, petition)
    link = fake_site.last_link("confirm")
    post(fake_site, link, version=petition.version)
    edited = a_published_petition(fake_site.tables, updates_wording="Send me updates twice a week")
    forget_all()
    post(fake_site, link, updates="yes", version=edited.version)
    item = item_of(fake_site.tables, petition, identity)
    assert (item["consent_version"], item["updates_version"]) == (petition.consent_version, edited.consent_version)
    stored = [StoredSignature(edited, identity, store.as_signature(item))]
    [signed] = signed_texts(stored, fake_site.tables).values()
    assert (signed.sign_wording, signed.updates_wording) == (petition.sign_wording, "Send me updates twice a week")


def test_the_undo_of_a_file_keeps_updates_that_the_owner_asked_for(tables: FakeTables, petition: Petition) -> None:
    """The file's receipt made the signature count."""
    alice = confirmed(tables, petition)
    key = key_of(petition, alice)
    tables.items[key] |= {"confirmed_with": "file.1", "receipt": "file.1", "also_came_with": {"form"}}
    assert store.agree_to_updates(key, NOW, petition.consent_version, NOW, tables)
    stored = store.find(key, tables)
    assert stored is not None
    store.remove_receipt(key, "file.1", stored, tables)
    assert tables.items[key]["updates"] is True
