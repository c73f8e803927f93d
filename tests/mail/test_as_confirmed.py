"""A receipt says what the person agreed to, also if staff edited the petition between confirmation and sending."""

import pytest

from chalicelib.petitions.find import forget_petitions
from chalicelib.petitions.publish import publish
from tests.actors import NOW, WELSH, a_petition, a_published_petition, change_item, confirmed, request_of
from tests.fake_site import FakeSite
from tests.letters.lettering import LETTER, WELSH_LETTER

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
    forget_petitions()
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
    forget_petitions()
    fake_site.deliver("send_other_mail", [request_of(fake_site.tables, petition, identity).model_dump()])
    assert "Letter: no\nSend another letter" in fake_site.mailer.mails[0].text
