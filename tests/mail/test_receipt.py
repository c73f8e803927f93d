"""The receipt: sent once, in the language of the signature, with what the person agreed to."""

import re
from datetime import timedelta

import pytest

from chalicelib.core.caching import forget_all
from chalicelib.petitions.edit import publish
from tests.actors import (
    NOW,
    WELSH,
    a_petition,
    a_published_petition,
    change_item,
    confirmed,
    item_of,
    request_of,
    signed,
)
from tests.fake_site import FakeSite, link_in, stream_event, token_in
from tests.letters.lettering import LETTER, WELSH_LETTER


def test_a_receipt_is_sent_once_after_the_confirmation_in_the_language_of_the_signature(fake_site: FakeSite) -> None:
    petition = a_published_petition(fake_site.tables, slug="gyda-derbynneb", translations={"cy": WELSH}, receipt=True)
    forget_all()
    identity = signed(fake_site.tables, petition, language="cy")
    fake_site.deliver("send_mail", [request_of(fake_site.tables, petition, identity).model_dump()])
    before = item_of(fake_site.tables, petition, identity)
    link = fake_site.last_link("confirm")
    [version] = re.findall(r'name="version" value="([^"]+)"', fake_site.get(link).body.decode())
    for _ in range(2):
        page = fake_site.post_form(link, {"token": token_in(link), "version": version}).body.decode()
        assert "Diolch. Mae eich llofnod wedi’i gyfrif." in page
    fake_site.invoke("relay_mail", stream_event([("1", before, item_of(fake_site.tables, petition, identity))]))
    fake_site.clock.forward(timedelta(minutes=2))
    assert len(fake_site.other_queue.messages) == 1, "a receipt must not delay emails that people wait for"
    for _ in range(2):
        fake_site.deliver("send_other_mail", fake_site.other_queue.messages)
    _, receipt = fake_site.mailer.mails
    assert receipt.subject == f"Mae eich llofnod wedi’i gyfrif: {WELSH['title']}"
    assert WELSH["sign_wording"] in receipt.text
    assert link_in(receipt, "withdraw").endswith("&lang=cy")


EDITED = {"title": "Another title", "sign_wording": "Another wording", "updates_wording": "Other news"}
EDITED_LETTER = LETTER | {"send_wording": "Send another letter"}


@pytest.mark.parametrize("language", ["en", "cy"])
def test_a_receipt_has_the_wordings_that_were_confirmed(fake_site: FakeSite, language: str) -> None:
    translations = {"cy": WELSH | {"letter": WELSH_LETTER}}
    petition = a_published_petition(fake_site.tables, letter=LETTER, translations=translations, receipt=True)
    identity = confirmed(fake_site.tables, petition, language=language)
    letter = {"letter": {"version": petition.letter_version}}
    change_item(fake_site.tables, petition, identity, **letter)
    publish(a_petition(**EDITED, letter=EDITED_LETTER, receipt=True), NOW, fake_site.tables)
    forget_all()
    fake_site.deliver("send_other_mail", [request_of(fake_site.tables, petition, identity).model_dump()])
    [mail] = fake_site.mailer.mails
    texts, send_wording = (WELSH, WELSH_LETTER) if language == "cy" else (petition.model_dump(), LETTER)
    assert texts["title"] in mail.subject
    for part in (mail.text, mail.html):
        for wording in (texts["sign_wording"], texts["updates_wording"], send_wording["send_wording"]):
            assert str(wording) in part


def test_a_receipt_without_a_letter_names_the_letter_that_the_petition_has_now(fake_site: FakeSite) -> None:
    petition = a_published_petition(fake_site.tables, letter=LETTER, receipt=True)
    identity = confirmed(fake_site.tables, petition)
    publish(a_petition(letter=EDITED_LETTER, receipt=True), NOW, fake_site.tables)
    forget_all()
    fake_site.deliver("send_other_mail", [request_of(fake_site.tables, petition, identity).model_dump()])
    assert "Letter: no\nSend another letter" in fake_site.mailer.mails[0].text
