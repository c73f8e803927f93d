"""A link offers a letter only if it was issued after somebody asked to send it."""

from datetime import timedelta

import pytest

from chalicelib.core.tokens import CONFIRM_LIFETIME, Purpose, issue
from chalicelib.petitions.model import Petition
from tests.actors import ALICE, TOKEN_KEYS, confirmed, json_of, subject_of
from tests.letters.lettering import a_petition_with_a_letter
from tests.served import Served, token_in
from tests.signatures.test_letter_offer import asks, item, oak_sends_alice, relay_and_send
from tests.signatures.test_letter_page import SIGNATURES, form_on, shown


@pytest.fixture
def lettered(served: Served) -> Petition:
    return a_petition_with_a_letter(served)


def test_an_old_link_shows_and_sends_no_letter_that_was_asked_for_after_it(served: Served, lettered: Petition) -> None:
    """Charlie has the link with which Alice confirmed, but not her mailbox. He signs with her address."""
    assert served.post_json(f"/api{SIGNATURES}", json_of()).status_code == 202
    relay_and_send(served, lettered, {})
    old = served.last_link("confirm")
    served.post_form("/confirm", form_on(served.get(old)))
    asks(served, lettered, body="Charlie's words.")
    offer = form_on(served.get(served.last_link("confirm")))
    served.mailer.mails.clear()
    page, before = shown(served.get(old)), item(served, lettered)
    assert ALICE.name not in page
    assert ALICE.email not in page
    assert served.post_form("/confirm", offer | {"token": token_in(old)}).status_code == 200
    assert item(served, lettered) == before


@pytest.mark.parametrize(("seconds", "offers"), [(0, False), (1, True)])
def test_a_link_offers_a_letter_from_the_second_after_it_was_asked_for(
    served: Served, lettered: Petition, seconds: int, offers: bool
) -> None:
    """A link does not tell when in its second it was issued."""
    alice = confirmed(served.tables, lettered)
    asks(served, lettered)
    issued = served.clock() + timedelta(seconds=seconds)
    token = issue(Purpose.CONFIRM, subject_of(lettered, alice), issued + CONFIRM_LIFETIME, TOKEN_KEYS)
    assert ("Send your letter" in shown(served.get(f"/confirm?token={token}"))) is offers


def test_a_link_to_confirm_that_came_before_the_partner_offers_the_letter_signed_with_it(
    served: Served, lettered: Petition
) -> None:
    assert served.post_json(f"/api{SIGNATURES}", json_of(letter={"send": True, "body": "Mine."})).status_code == 202
    served.clock.forward(timedelta(minutes=2))
    relay_and_send(served, lettered, {})
    link = served.last_link("confirm")
    oak_sends_alice(served, lettered)
    assert "Mine." in shown(served.get(link))
