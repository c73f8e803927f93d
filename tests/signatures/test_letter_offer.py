"""A person whose signature already counts asks to send a letter. Our email offers it to the mailbox's owner."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core.caching import forget_all
from chalicelib.core.tokens import CONFIRM_LIFETIME, Purpose, issue
from chalicelib.partners.form import read_signature
from chalicelib.partners.model import CountsWhen
from chalicelib.partners.receive import take_each
from chalicelib.petitions.edit import edit, with_changes
from chalicelib.petitions.model import Petition
from chalicelib.signatures.confirm import confirm
from chalicelib.signatures.form import Corrections
from chalicelib.signatures.letter_form import LetterForm
from chalicelib.signatures.sign import sign_from_queue
from tests.actors import (
    ALICE,
    DAY,
    MINUTE,
    NOW,
    TOKEN_KEYS,
    confirmed,
    identity_of,
    item_of,
    json_of,
    overflow_message,
    signed,
    subject_of,
)
from tests.fake_site import FakeSite, stream_event, token_in
from tests.letters.lettering import HOME_SECRETARY
from tests.letters.test_counts import numbers
from tests.partnering import a_partner, a_receiving_context, sent_of
from tests.signatures.test_api import API_PATH
from tests.signatures.test_letter_page import form_fields, text_of

TWO_MINUTES = timedelta(minutes=2)
OFFER = "We were also asked to send a letter in your name."


def alices_item(fake_site: FakeSite, petition: Petition) -> dict[str, Any]:
    return dict(item_of(fake_site.tables, petition, identity_of(petition)))


def receive_alice_from_oak(fake_site: FakeSite, petition: Petition, counts: CountsWhen = CountsWhen.AT_ONCE) -> None:
    oak = a_partner(fake_site.tables, counts)
    now = fake_site.clock()
    take_each([read_signature(sent_of(), oak, now)], a_receiving_context(fake_site.tables, petition, oak), now)


def ask_for_letter(fake_site: FakeSite, petition: Petition, **letter: Any) -> None:
    """Sign with a letter, and deliver the email that offers it."""
    fake_site.clock.forward(TWO_MINUTES)
    before = alices_item(fake_site, petition)
    assert fake_site.post_json(API_PATH, json_of(letter={"send": True} | letter)).status_code == 202
    relay_and_send(fake_site, petition, before)


def relay_and_send(fake_site: FakeSite, petition: Petition, before: dict[str, Any]) -> None:
    fake_site.invoke("relay_mail", stream_event([("1", before or None, alices_item(fake_site, petition))]))
    for function, queue in (("send_mail", fake_site.queue), ("send_other_mail", fake_site.other_queue)):
        assert fake_site.deliver(function, queue.messages) == []
        queue.messages.clear()


def send_letter(fake_site: FakeSite, petition: Petition, **fields: str) -> Any:
    """Open the link of the email, tick the box, send its form, and deliver the emails that follow."""
    before, page = alices_item(fake_site, petition), fake_site.get(fake_site.last_link("confirm"))
    answer = fake_site.post_form("/confirm", form_fields(page) | {"letter.send": "yes"} | fields)
    fake_site.mailer.mails.clear()
    relay_and_send(fake_site, petition, before)
    return answer


def test_a_person_whom_a_partner_sent_is_offered_the_letter_and_can_send_it(
    fake_site: FakeSite, letter_petition: Petition
) -> None:
    receive_alice_from_oak(fake_site, letter_petition)
    ask_for_letter(fake_site, letter_petition, body="My own words.")
    [mail] = fake_site.mailer.mails
    assert mail.to == ALICE.email
    for part in (mail.text, mail.html):
        assert OFFER in " ".join(part.split())
        assert "My own words." not in part, "a stranger may have typed them"
    page = fake_site.get(fake_site.last_link("confirm"))
    assert "Send your letter" in text_of(page)
    assert "Dear Home Secretary, I have signed a petition to you. My own words. Alice Achterberg" in text_of(page)
    assert numbers(fake_site).requested == 0
    assert send_letter(fake_site, letter_petition).status_code == 200
    [letter] = fake_site.mailer.mails
    assert (letter.to, letter.sender_name) == (
        HOME_SECRETARY,
        "Alice Achterberg via Harbour for Children",
    )
    assert "My own words." in letter.text
    assert (numbers(fake_site).requested, numbers(fake_site).sent) == (1, 1)
    assert "letter_asked" not in alices_item(fake_site, letter_petition)


def test_the_link_of_the_offer_sends_the_letter_once_and_then_shows_nothing_personal(
    fake_site: FakeSite, letter_petition: Petition
) -> None:
    confirmed(fake_site.tables, letter_petition)
    ask_for_letter(fake_site, letter_petition)
    link = fake_site.last_link("confirm")
    fields = form_fields(fake_site.get(link)) | {"letter.send": "yes"}
    for _ in range(2):
        before = alices_item(fake_site, letter_petition)
        assert fake_site.post_form("/confirm", fields).status_code == 200
        relay_and_send(fake_site, letter_petition, before)
    assert numbers(fake_site).sent == 1
    assert ALICE.name not in text_of(fake_site.get(link))


@pytest.mark.parametrize("by_partner", [True, False])
def test_a_press_on_the_page_sends_no_letter_that_a_stranger_typed(
    fake_site: FakeSite, letter_petition: Petition, by_partner: bool
) -> None:
    if by_partner:
        receive_alice_from_oak(fake_site, letter_petition)
    else:
        confirmed(fake_site.tables, letter_petition)
    ask_for_letter(fake_site, letter_petition, body="The stranger's words.", reply=True)
    page = fake_site.get(fake_site.last_link("confirm"))
    fields = form_fields(page)
    assert (fields["letter.send"], fields["letter.reply"]) == ("no", "no")
    assert ' name="letter.send" value="yes" required' in page.body.decode(), "a browser asks for the tick first"
    assert fake_site.post_form("/confirm", fields).status_code == 200
    assert not alices_item(fake_site, letter_petition).keys() & {"letter", "letter_asked"}


def test_a_letter_from_before_the_confirmation_is_not_offered(fake_site: FakeSite, letter_petition: Petition) -> None:
    """It waited in the overflow queue while its owner confirmed the signature without a letter."""
    message = overflow_message(letter_petition, NOW + MINUTE, letter=LetterForm(send=True))
    subject = subject_of(letter_petition, signed(fake_site.tables, letter_petition))
    confirm(subject, Corrections(), letter_petition, NOW + 2 * MINUTE, fake_site.tables)
    sign_from_queue(message, NOW + 3 * MINUTE, fake_site.tables)
    assert "letter_asked" not in alices_item(fake_site, letter_petition)


def test_a_strangers_tick_is_not_taken_over_by_the_owner_of_a_partners_signature(
    fake_site: FakeSite, letter_petition: Petition
) -> None:
    """Alice did not tick updates at the partner. The link of the stranger's letter then shows the page to confirm."""
    receive_alice_from_oak(fake_site, letter_petition)
    before, ticks = alices_item(fake_site, letter_petition), {"sign": True, "updates": True}
    for letter in ({"send": True}, None):
        fake_site.clock.forward(MINUTE)
        fake_site.post_json(API_PATH, json_of(consent=ticks, letter=letter))
        if letter:
            relay_and_send(fake_site, letter_petition, before)
    page = fake_site.get(fake_site.last_link("confirm"))
    assert "Confirm your signature" in text_of(page)
    assert form_fields(page)["updates"] == "no"


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
    forget_all()
    relay_and_send(fake_site, letter_petition, before)
    [mail] = fake_site.mailer.mails
    for part in (mail.text, mail.html):
        assert (OFFER in " ".join(part.split())) is offers
        assert ("You can use this link until 26 November 2026 at 12:00 GMT." in part) is offers
