"""Somebody whose signature counts already asks to send a letter: our email offers it, and only its owner sends it."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.partners.form import read_signature
from chalicelib.partners.model import Counts
from chalicelib.partners.receive import take_each
from chalicelib.petitions.model import Petition
from chalicelib.signatures.confirm import confirm
from chalicelib.signatures.form import Corrections
from chalicelib.signatures.withdraw import withdraw
from tests.actors import ALICE, confirmed, identity_of, item_of, json_of, key_of, subject_of
from tests.letters.lettering import HOME_SECRETARY, LETTER, a_petition_with_a_letter
from tests.letters.test_counts import numbers
from tests.partnering import a_partner, a_receiving_context, sent_of
from tests.served import Served, stream_event, token_in
from tests.signatures.test_letter_page import SIGNATURES, form_on, shown

MINUTES = timedelta(minutes=2)
OFFER = "We were also asked to send a letter in your name."


@pytest.fixture
def lettered(served: Served) -> Petition:
    return a_petition_with_a_letter(served)


def item(served: Served, petition: Petition) -> dict[str, Any]:
    return dict(item_of(served.tables, petition, identity_of(petition)))


def oak_sends_alice(served: Served, petition: Petition, counts: Counts = Counts.AT_ONCE) -> None:
    oak = a_partner(served.tables, counts)
    now = served.clock()
    take_each([read_signature(sent_of(), oak, now)], a_receiving_context(served.tables, petition, oak), now)


def asks(served: Served, petition: Petition, **letter: Any) -> None:
    """Sign with a letter, and deliver the email that follows."""
    served.clock.forward(MINUTES)
    before = item(served, petition)
    assert served.post_json(f"/api{SIGNATURES}", json_of(letter={"send": True} | letter)).status_code == 202
    relay_and_send(served, petition, before)


def relay_and_send(served: Served, petition: Petition, before: dict[str, Any]) -> None:
    served.invoke("relay_mail", stream_event([("1", before or None, item(served, petition))]))
    for function, queue in (("send_mail", served.queue), ("send_other_mail", served.other_queue)):
        assert served.deliver(function, queue.messages) == []
        queue.messages.clear()


def answers(served: Served, petition: Petition, **fields: str) -> Any:
    """Open the link of the email, press its button, and deliver what follows."""
    before, page = item(served, petition), served.get(served.last_link("confirm"))
    answer = served.post_form("/confirm", form_on(page) | fields)
    served.mailer.mails.clear()
    relay_and_send(served, petition, before)
    return answer


def test_who_came_with_a_partner_is_offered_the_letter_and_it_is_sent_when_they_say_so(
    served: Served, lettered: Petition
) -> None:
    oak_sends_alice(served, lettered)
    asks(served, lettered, body="My own words.")
    [mail] = served.mailer.mails
    assert mail.to == ALICE.email
    for part in (mail.text, mail.html):
        assert OFFER in " ".join(part.split())
        assert "My own words." not in part, "a stranger may have typed them"
    page = served.get(served.last_link("confirm"))
    assert "Send your letter" in shown(page)
    assert "Dear Home Secretary, I have signed a petition to you. My own words. Alice Achterberg" in shown(page)
    assert numbers(served).requested == 0
    assert answers(served, lettered).status_code == 200
    [letter] = served.mailer.mails
    assert (letter.to, letter.sender_name) == (
        HOME_SECRETARY,
        "Alice Achterberg via Harbour for Children",
    )
    assert "My own words." in letter.text
    assert (numbers(served).requested, numbers(served).sent) == (1, 1)
    assert "letter_asked" not in item(served, lettered)


def test_who_confirmed_here_without_a_letter_can_add_it_in_the_same_way(served: Served, lettered: Petition) -> None:
    confirmed(served.tables, lettered)
    asks(served, lettered)
    answers(served, lettered)
    assert [mail.subject for mail in served.mailer.mails] == [LETTER["subject"]]


def test_their_link_sends_it_once_and_shows_nothing_personal_afterwards(served: Served, lettered: Petition) -> None:
    confirmed(served.tables, lettered)
    asks(served, lettered)
    link = served.last_link("confirm")
    fields = form_on(served.get(link))
    for _ in range(2):
        before = item(served, lettered)
        assert served.post_form("/confirm", fields).status_code == 200
        relay_and_send(served, lettered, before)
    assert numbers(served).sent == 1
    assert ALICE.name not in shown(served.get(link))


@pytest.mark.parametrize("fields", [{}, {"letter.send": "no"}])
def test_without_a_tick_nothing_is_sent(served: Served, lettered: Petition, fields: dict[str, str]) -> None:
    """A link alone restated no letter."""
    confirmed(served.tables, lettered)
    asks(served, lettered)
    before = item(served, lettered)
    served.post_form("/confirm", {"token": token_in(served.last_link("confirm"))} | fields)
    relay_and_send(served, lettered, before)
    assert numbers(served).requested == 0
    assert ("letter_asked" in item(served, lettered)) is (not fields)


def test_a_wrong_letter_is_shown_again(served: Served, lettered: Petition) -> None:
    confirmed(served.tables, lettered)
    asks(served, lettered)
    page = answers(served, lettered, **{"letter.body": "See www.harbour.org"})
    assert page.status_code == 422
    assert form_on(page)["letter.body"] == "See www.harbour.org"
    assert "letter" not in item(served, lettered)


def test_a_letter_that_was_typed_here_before_the_partner_came_is_offered_too(
    served: Served, lettered: Petition
) -> None:
    """The partner counts the signature before its person has opened our email."""
    assert served.post_json(f"/api{SIGNATURES}", json_of(letter={"send": True, "body": "Mine."})).status_code == 202
    before = item(served, lettered)
    served.clock.forward(MINUTES)
    oak_sends_alice(served, lettered)
    relay_and_send(served, lettered, before)
    assert OFFER in " ".join(served.mailer.mails[-1].text.split())
    answers(served, lettered)
    assert "Mine." in served.mailer.mails[-1].text


def test_a_letter_asked_for_while_another_email_waits_is_offered_in_that_email(
    served: Served, lettered: Petition
) -> None:
    confirmed(served.tables, lettered)
    served.clock.forward(MINUTES)
    for letter in (None, {"send": True}):
        assert served.post_json(f"/api{SIGNATURES}", json_of(letter=letter)).status_code == 202
    relay_and_send(served, lettered, {})
    [mail] = served.mailer.mails
    assert OFFER in " ".join(mail.text.split())


def test_who_sent_a_letter_is_offered_no_second_one(served: Served, lettered: Petition) -> None:
    confirmed(served.tables, lettered)
    asks(served, lettered)
    answers(served, lettered)
    asks(served, lettered)
    assert "letter_asked" not in item(served, lettered)
    assert OFFER not in " ".join(served.mailer.mails[-1].text.split())


def test_who_withdraws_takes_the_words_along(served: Served, lettered: Petition) -> None:
    confirmed(served.tables, lettered)
    asks(served, lettered, body="My own words.")
    link = served.last_link("confirm")
    withdraw(key_of(lettered, identity_of(lettered)), lettered, served.clock(), served.tables)
    assert "letter_asked" not in item(served, lettered)
    assert "My own words." not in shown(served.get(link))


def test_a_partner_that_counts_the_person_at_the_same_moment_changes_no_offer(
    served: Served, lettered: Petition
) -> None:
    """The partner saw a signature that nobody had confirmed."""
    alice = confirmed(served.tables, lettered)
    asks(served, lettered)
    now, vouched = served.clock(), Corrections()
    subject = subject_of(lettered, alice)
    also = {"letter": None, "letter_asked": None, "by_partner": True}
    confirm(subject, vouched, lettered, now, served.tables, also=also)
    answers(served, lettered)
    assert [mail.subject for mail in served.mailer.mails] == [LETTER["subject"]]
