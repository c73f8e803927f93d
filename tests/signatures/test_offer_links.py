"""A link offers a letter only if the link was issued after somebody asked to send the letter."""

from datetime import timedelta

import pytest

from chalicelib.core.tokens import CONFIRM_LIFETIME, Purpose, issue
from chalicelib.petitions.edit import edit, with_changes
from chalicelib.petitions.find import forget_petitions
from chalicelib.petitions.model import Petition
from tests.actors import ALICE, DAY, TOKEN_KEYS, confirmed, json_of, subject_of
from tests.fake_site import FakeSite, token_in
from tests.signatures.test_api import API_PATH
from tests.signatures.test_letter_offer import OFFER, alices_item, ask_for_letter, relay_and_send
from tests.signatures.test_letter_page import form_fields, text_of


def test_a_link_older_than_the_request_neither_shows_nor_sends_the_letter(
    fake_site: FakeSite, letter_petition: Petition
) -> None:
    """Charlie has the link with which Alice confirmed, but not her mailbox. He signs with her address."""
    assert fake_site.post_json(API_PATH, json_of()).status_code == 202
    relay_and_send(fake_site, letter_petition, {})
    old_link = fake_site.last_link("confirm")
    fake_site.post_form("/confirm", form_fields(fake_site.get(old_link)))
    ask_for_letter(fake_site, letter_petition, body="Charlie's words.")
    offer = form_fields(fake_site.get(fake_site.last_link("confirm")))
    fake_site.mailer.mails.clear()
    page, before = text_of(fake_site.get(old_link)), alices_item(fake_site, letter_petition)
    assert ALICE.name not in page
    assert ALICE.email not in page
    assert fake_site.post_form("/confirm", offer | {"token": token_in(old_link)}).status_code == 200
    assert alices_item(fake_site, letter_petition) == before


@pytest.mark.parametrize(("seconds", "offers"), [(0, False), (1, True)])
def test_a_link_offers_a_letter_from_the_second_after_the_request(
    fake_site: FakeSite, letter_petition: Petition, seconds: int, offers: bool
) -> None:
    """A link has its time of issue in whole seconds."""
    alice = confirmed(fake_site.tables, letter_petition)
    ask_for_letter(fake_site, letter_petition)
    issued = fake_site.clock() + timedelta(seconds=seconds)
    token = issue(Purpose.CONFIRM, subject_of(letter_petition, alice), issued + CONFIRM_LIFETIME, TOKEN_KEYS)
    assert ("Send your letter" in text_of(fake_site.get(f"/confirm?token={token}"))) is offers


@pytest.mark.parametrize(("delay", "offers"), [(DAY, True), (3 * DAY, False)])
def test_an_email_that_is_late_offers_no_letter_after_the_time_to_confirm(
    fake_site: FakeSite, letter_petition: Petition, delay: timedelta, offers: bool
) -> None:
    confirmed(fake_site.tables, letter_petition)
    edit(with_changes(letter_petition, closes_at=fake_site.clock() + DAY), fake_site.clock(), fake_site.tables)
    fake_site.clock.forward(timedelta(minutes=1))
    before = alices_item(fake_site, letter_petition)
    assert fake_site.post_json(API_PATH, json_of(letter={"send": True})).status_code == 202
    fake_site.clock.forward(delay)
    forget_petitions()
    relay_and_send(fake_site, letter_petition, before)
    [mail] = fake_site.mailer.mails
    for part in (mail.text, mail.html):
        assert (OFFER in " ".join(part.split())) is offers
        assert ("You can use this link until 26 November 2026 at 12:00 GMT." in part) is offers
