"""A link offers a letter only if it was issued after somebody asked to send it."""

from datetime import timedelta

import pytest

from chalicelib.core.tokens import CONFIRM_LIFETIME, Purpose, issue
from chalicelib.petitions.model import Petition
from tests.actors import ALICE, TOKEN_KEYS, confirmed, json_of, subject_of
from tests.fake_site import FakeSite, token_in
from tests.letters.lettering import a_petition_with_a_letter
from tests.signatures.test_letter_offer import asks, item, oak_sends_alice, relay_and_send
from tests.signatures.test_letter_page import SIGNATURES, form_on, shown


@pytest.fixture
def lettered(fake_site: FakeSite) -> Petition:
    return a_petition_with_a_letter(fake_site)


def test_an_old_link_shows_and_sends_no_letter_that_was_asked_for_after_it(
    fake_site: FakeSite, lettered: Petition
) -> None:
    """Charlie has the link with which Alice confirmed, but not her mailbox. He signs with her address."""
    assert fake_site.post_json(f"/api{SIGNATURES}", json_of()).status_code == 202
    relay_and_send(fake_site, lettered, {})
    old = fake_site.last_link("confirm")
    fake_site.post_form("/confirm", form_on(fake_site.get(old)))
    asks(fake_site, lettered, body="Charlie's words.")
    offer = form_on(fake_site.get(fake_site.last_link("confirm")))
    fake_site.mailer.mails.clear()
    page, before = shown(fake_site.get(old)), item(fake_site, lettered)
    assert ALICE.name not in page
    assert ALICE.email not in page
    assert fake_site.post_form("/confirm", offer | {"token": token_in(old)}).status_code == 200
    assert item(fake_site, lettered) == before


@pytest.mark.parametrize(("seconds", "offers"), [(0, False), (1, True)])
def test_a_link_offers_a_letter_from_the_second_after_it_was_asked_for(
    fake_site: FakeSite, lettered: Petition, seconds: int, offers: bool
) -> None:
    """A link does not tell when in its second it was issued."""
    alice = confirmed(fake_site.tables, lettered)
    asks(fake_site, lettered)
    issued = fake_site.clock() + timedelta(seconds=seconds)
    token = issue(Purpose.CONFIRM, subject_of(lettered, alice), issued + CONFIRM_LIFETIME, TOKEN_KEYS)
    assert ("Send your letter" in shown(fake_site.get(f"/confirm?token={token}"))) is offers


def test_a_link_to_confirm_that_came_before_the_partner_offers_the_letter_signed_with_it(
    fake_site: FakeSite, lettered: Petition
) -> None:
    assert fake_site.post_json(f"/api{SIGNATURES}", json_of(letter={"send": True, "body": "Mine."})).status_code == 202
    fake_site.clock.forward(timedelta(minutes=2))
    relay_and_send(fake_site, lettered, {})
    link = fake_site.last_link("confirm")
    oak_sends_alice(fake_site, lettered)
    assert "Mine." in shown(fake_site.get(link))
