"""The owner of the mailbox sees the letter as it will arrive, and corrects or removes it before it is sent."""

import html
import re
from typing import Any

from chalicelib.core.caching import forget_all
from chalicelib.petitions.edit import publish
from chalicelib.petitions.model import Petition
from tests.actors import NOW, WELSH, a_petition, identity_of, item_of, json_of
from tests.fake_site import FakeSite, stream_event
from tests.letters.lettering import LETTER, PENDING, WELSH_LETTER, a_petition_with_a_letter, relay, send_all
from tests.signatures.test_api import API_PATH


def sign_with_letter(fake_site: FakeSite, petition: Petition, **letter: Any) -> str:
    """Sign with this letter through the API, and return the link of the email to confirm."""
    body = json_of(letter={"send": True} | letter)
    assert fake_site.post_json(API_PATH, body).status_code == 202
    return send_confirm_link(fake_site, petition)


def send_confirm_link(fake_site: FakeSite, petition: Petition) -> str:
    item = item_of(fake_site.tables, petition, identity_of(petition))
    fake_site.invoke("relay_mail", stream_event([("1", None, item)]))
    assert fake_site.deliver("send_mail", fake_site.queue.messages[-1:]) == []
    return fake_site.last_link("confirm")


def text_of(page: Any) -> str:
    without_tags = re.sub(r"<[^>]*>", " ", page.body.decode())
    words = html.unescape(without_tags).split()
    return " ".join(words)


def form_fields(page: Any) -> dict[str, str]:
    """Return the fields that a browser would send, with the boxes as they are ticked."""
    _, _, from_the_form = page.body.decode().partition('action="/confirm')
    text, _, _ = from_the_form.partition("</form>")
    fields = {}
    for tag in re.findall(r"<input[^>]*>", text):
        attributes = re.findall(r'([\w.-]+)="([^"]*)"', tag)
        values = {name: html.unescape(value) for name, value in attributes}
        if values["type"] not in ("checkbox", "radio") or " checked" in tag:
            fields[values["name"]] = values["value"]
    for name, body in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>\n(.*?)</textarea>', text, re.DOTALL):
        fields[name] = html.unescape(body)
    return fields


def deliver_letters(fake_site: FakeSite, petition: Petition) -> list[Any]:
    """Relay the confirmation, send what it requests, and return the letters."""
    fake_site.mailer.mails.clear()
    relay(fake_site, PENDING, item_of(fake_site.tables, petition, identity_of(petition)))
    send_all(fake_site)
    return fake_site.mailer.mails


def test_the_page_shows_the_letter_as_it_arrives(fake_site: FakeSite, letter_petition: Petition) -> None:
    page = fake_site.get(
        sign_with_letter(fake_site, letter_petition, body="My own <b>words</b>.\n\nAnd more.", opening=1)
    )
    fake_site.post_form("/confirm", form_fields(page))
    [mail] = deliver_letters(fake_site, letter_petition)
    text = " ".join(mail.text.partition("\n-- \n")[0].split())
    assert text in text_of(page)
    assert text == "Dear Home Secretary, I work with children. My own <b>words</b>. And more. Alice Achterberg"
    assert mail.subject in text_of(page)
    assert mail.sender_name in text_of(page)


def test_an_invalid_correction_shows_the_page_again_with_what_was_typed(
    fake_site: FakeSite, letter_petition: Petition
) -> None:
    fields = form_fields(fake_site.get(sign_with_letter(fake_site, letter_petition)))
    page = fake_site.post_form("/confirm", fields | {"letter.body": "See www.harbour.org"})
    assert page.status_code == 422
    assert form_fields(page)["letter.body"] == "See www.harbour.org"
    assert 'href="#letter-body"' in page.body.decode()
    assert item_of(fake_site.tables, letter_petition, identity_of(letter_petition))["state"] == "pending"


def test_a_letter_that_staff_edited_meanwhile_is_shown_again(fake_site: FakeSite, letter_petition: Petition) -> None:
    fields = form_fields(fake_site.get(sign_with_letter(fake_site, letter_petition)))
    publish(a_petition(letter=LETTER | {"body": "Edited."}), NOW, fake_site.tables)
    forget_all()
    page = fake_site.post_form("/confirm", fields)
    assert page.status_code == 422
    assert "The letter has just been edited" in text_of(page)
    assert "Edited." in text_of(page)


MINE = "I was trafficked as a child."


def letter_sent_as_shown(fake_site: FakeSite, petition: Petition, link: str) -> str:
    """Confirm by the page's form. Return the letter that is sent, which must be the one that the page shows."""
    page = fake_site.get(link)
    assert fake_site.post_form("/confirm", form_fields(page)).status_code == 200
    [mail] = deliver_letters(fake_site, petition)
    text = " ".join(mail.text.partition("\n-- \n")[0].split())
    assert text in text_of(page)
    return text


def edit_letter(fake_site: FakeSite, **changes: Any) -> Petition:
    petition = a_petition_with_a_letter(fake_site, **changes)
    forget_all()
    return petition


def test_the_page_does_not_show_words_of_ones_own_after_staff_have_fixed_the_letter(
    fake_site: FakeSite, letter_petition: Petition
) -> None:
    link = sign_with_letter(fake_site, letter_petition, opening=MINE, subject="My subject", body="My words.")
    edited = edit_letter(fake_site, may_edit=False)
    assert "I ask you to guarantee every trafficked child" in letter_sent_as_shown(fake_site, edited, link)


def test_a_suggested_opening_stays_chosen_after_staff_have_fixed_the_letter(
    fake_site: FakeSite, letter_petition: Petition
) -> None:
    link = sign_with_letter(fake_site, letter_petition, opening=1)
    edited = edit_letter(fake_site, may_edit=False)
    assert LETTER["openings"][1] in letter_sent_as_shown(fake_site, edited, link)


def test_a_letter_signed_in_welsh_is_sent_in_welsh_from_a_page_in_any_language(fake_site: FakeSite) -> None:
    translations = {"cy": WELSH | {"letter": WELSH_LETTER}}
    petition = publish(a_petition(letter=LETTER, translations=translations), NOW, fake_site.tables)
    assert fake_site.post_json(API_PATH, json_of(language="cy", letter={"send": True})).status_code == 202
    link = send_confirm_link(fake_site, petition).replace("&lang=cy", "")
    fake_site.post_form("/confirm", form_fields(fake_site.get(link)))
    [mail] = deliver_letters(fake_site, petition)
    assert mail.subject == WELSH_LETTER["subject"]
    assert mail.text.startswith("Annwyl Ysgrifennydd Cartref,\n\nRwyf wedi llofnodi deiseb i chi.")
