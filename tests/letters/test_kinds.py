"""A letter as it is sent: from the charity's address, in the signer's name, and only while the signer wants it."""

from typing import Any

import pytest

from chalicelib.petitions.edit import publish
from chalicelib.signatures.withdraw import withdraw
from tests.actors import ALICE, DAY, NOW, WELSH, a_petition, item_of, key_of, signed
from tests.fake_site import FakeSite
from tests.letters.lettering import (
    LETTER,
    WELSH_LETTER,
    a_petition_with_a_letter,
    request_letter,
    send_alices_letter,
    send_all,
)


def test_a_letter_comes_in_its_persons_name_from_the_charity_without_links_of_its_sender(fake_site: FakeSite) -> None:
    [mail] = send_alices_letter(fake_site, a_petition_with_a_letter(fake_site))
    assert mail.sender_name == f"{ALICE.name} via Harbour for Children"
    assert mail.reply_to == ""
    assert mail.subject == LETTER["subject"]
    assert mail.text.startswith("Dear Home Secretary,\n\nI have signed a petition to you.\n\nI ask you to guarantee")
    assert ALICE.name in mail.text
    assert ALICE.email not in mail.text + mail.html
    for part in (mail.text, mail.html):
        assert "https://petitions.example/petitions/safe-children" in part
        assert "privacy@harbour.example" in part
    # The letter's target must not be able to withdraw the signature, or to stop the signer's updates.
    assert not mail.headers
    assert "token=" not in mail.text + mail.html


def test_the_target_sees_the_address_only_if_its_owner_agreed(fake_site: FakeSite) -> None:
    [mail] = send_alices_letter(fake_site, a_petition_with_a_letter(fake_site), reply=True)
    assert mail.reply_to == ALICE.email


def test_a_letter_is_sent_in_the_words_of_its_person(fake_site: FakeSite) -> None:
    own = {"subject": "My subject", "body": "My body", "opening": "My opening"}
    [mail] = send_alices_letter(fake_site, a_petition_with_a_letter(fake_site), **own)
    assert mail.subject == "My subject"
    assert mail.text.startswith("Dear Home Secretary,\n\nMy opening\n\nMy body\n")


def test_html_that_a_person_typed_is_shown_as_text(fake_site: FakeSite) -> None:
    [mail] = send_alices_letter(
        fake_site, a_petition_with_a_letter(fake_site), body="<b>Help</b> & act.", subject="A {{ b }} <i>"
    )
    assert "&lt;b&gt;Help&lt;/b&gt; &amp; act." in mail.html
    assert "<b>Help</b> & act." in mail.text
    assert mail.subject == "A {{ b }} <i>"


@pytest.mark.parametrize("changed", ["texts", "name of the language"])
def test_a_letter_has_one_language_although_staff_changed_the_main_language(fake_site: FakeSite, changed: str) -> None:
    petition = a_petition_with_a_letter(fake_site)
    request_letter(fake_site, petition)
    welsh: dict[str, Any] = {"letter": LETTER, "language": "cy"}
    if changed == "texts":
        letter_text = {name: LETTER[name] for name in WELSH_LETTER if name in LETTER}
        english = {name: getattr(petition, name) for name in WELSH} | {"letter": letter_text}
        welsh |= WELSH | {"letter": LETTER | WELSH_LETTER, "translations": {"en": english}}
    publish(a_petition(**welsh), NOW, fake_site.tables)
    send_all(fake_site)
    [mail] = fake_site.mailer.mails
    assert mail.subject == LETTER["subject"]
    greeting, link = ("Dear ", "?lang=en\n") if changed == "texts" else ("Annwyl ", "safe-children\n")
    assert mail.text.startswith(greeting)
    assert link in mail.text


def test_after_a_withdrawal_and_a_new_signature_the_letter_waits_for_a_confirmation(fake_site: FakeSite) -> None:
    """Anybody can sign again with the address, and write another letter."""
    petition = a_petition_with_a_letter(fake_site)
    alice = request_letter(fake_site, petition)
    withdraw(key_of(petition, alice), petition, NOW, fake_site.tables)
    signed(fake_site.tables, petition, now=NOW + DAY, letter={"send": True, "body": "A stranger wrote this."})
    assert item_of(fake_site.tables, petition, alice)["state"] == "pending"
    send_all(fake_site)
    assert not fake_site.mailer.mails
