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
from tests.fake_site import FakeSite, stream_event, token_in
from tests.letters.lettering import HOME_SECRETARY, LETTER, a_petition_with_a_letter
from tests.letters.test_counts import numbers
from tests.partnering import a_partner, a_receiving_context, sent_of
from tests.signatures.test_letter_page import SIGNATURES, form_on, shown

MINUTES = timedelta(minutes=2)
OFFER = "We were also asked to send a letter in your name."


@pytest.fixture
def lettered(fake_site: FakeSite) -> Petition:
    return a_petition_with_a_letter(fake_site)


def item(fake_site: FakeSite, petition: Petition) -> dict[str, Any]:
    return dict(item_of(fake_site.tables, petition, identity_of(petition)))


def oak_sends_alice(fake_site: FakeSite, petition: Petition, counts: Counts = Counts.AT_ONCE) -> None:
    oak = a_partner(fake_site.tables, counts)
    now = fake_site.clock()
    take_each([read_signature(sent_of(), oak, now)], a_receiving_context(fake_site.tables, petition, oak), now)


def asks(fake_site: FakeSite, petition: Petition, **letter: Any) -> None:
    """Sign with a letter, and deliver the email that follows."""
    fake_site.clock.forward(MINUTES)
    before = item(fake_site, petition)
    assert fake_site.post_json(f"/api{SIGNATURES}", json_of(letter={"send": True} | letter)).status_code == 202
    relay_and_send(fake_site, petition, before)


def relay_and_send(fake_site: FakeSite, petition: Petition, before: dict[str, Any]) -> None:
    fake_site.invoke("relay_mail", stream_event([("1", before or None, item(fake_site, petition))]))
    for function, queue in (("send_mail", fake_site.queue), ("send_other_mail", fake_site.other_queue)):
        assert fake_site.deliver(function, queue.messages) == []
        queue.messages.clear()


def answers(fake_site: FakeSite, petition: Petition, **fields: str) -> Any:
    """Open the link of the email, press its button, and deliver what follows."""
    before, page = item(fake_site, petition), fake_site.get(fake_site.last_link("confirm"))
    answer = fake_site.post_form("/confirm", form_on(page) | fields)
    fake_site.mailer.mails.clear()
    relay_and_send(fake_site, petition, before)
    return answer


def test_who_came_with_a_partner_is_offered_the_letter_and_it_is_sent_when_they_say_so(
    fake_site: FakeSite, lettered: Petition
) -> None:
    oak_sends_alice(fake_site, lettered)
    asks(fake_site, lettered, body="My own words.")
    [mail] = fake_site.mailer.mails
    assert mail.to == ALICE.email
    for part in (mail.text, mail.html):
        assert OFFER in " ".join(part.split())
        assert "My own words." not in part, "a stranger may have typed them"
    page = fake_site.get(fake_site.last_link("confirm"))
    assert "Send your letter" in shown(page)
    assert "Dear Home Secretary, I have signed a petition to you. My own words. Alice Achterberg" in shown(page)
    assert numbers(fake_site).requested == 0
    assert answers(fake_site, lettered).status_code == 200
    [letter] = fake_site.mailer.mails
    assert (letter.to, letter.sender_name) == (
        HOME_SECRETARY,
        "Alice Achterberg via Harbour for Children",
    )
    assert "My own words." in letter.text
    assert (numbers(fake_site).requested, numbers(fake_site).sent) == (1, 1)
    assert "letter_asked" not in item(fake_site, lettered)


def test_who_confirmed_here_without_a_letter_can_add_it_in_the_same_way(
    fake_site: FakeSite, lettered: Petition
) -> None:
    confirmed(fake_site.tables, lettered)
    asks(fake_site, lettered)
    answers(fake_site, lettered)
    assert [mail.subject for mail in fake_site.mailer.mails] == [LETTER["subject"]]


def test_their_link_sends_it_once_and_shows_nothing_personal_afterwards(
    fake_site: FakeSite, lettered: Petition
) -> None:
    confirmed(fake_site.tables, lettered)
    asks(fake_site, lettered)
    link = fake_site.last_link("confirm")
    fields = form_on(fake_site.get(link))
    for _ in range(2):
        before = item(fake_site, lettered)
        assert fake_site.post_form("/confirm", fields).status_code == 200
        relay_and_send(fake_site, lettered, before)
    assert numbers(fake_site).sent == 1
    assert ALICE.name not in shown(fake_site.get(link))


@pytest.mark.parametrize("fields", [{}, {"letter.send": "no"}])
def test_without_a_tick_nothing_is_sent(fake_site: FakeSite, lettered: Petition, fields: dict[str, str]) -> None:
    """A link alone restated no letter."""
    confirmed(fake_site.tables, lettered)
    asks(fake_site, lettered)
    before = item(fake_site, lettered)
    fake_site.post_form("/confirm", {"token": token_in(fake_site.last_link("confirm"))} | fields)
    relay_and_send(fake_site, lettered, before)
    assert numbers(fake_site).requested == 0
    assert ("letter_asked" in item(fake_site, lettered)) is (not fields)


def test_a_wrong_letter_is_shown_again(fake_site: FakeSite, lettered: Petition) -> None:
    confirmed(fake_site.tables, lettered)
    asks(fake_site, lettered)
    page = answers(fake_site, lettered, **{"letter.body": "See www.harbour.org"})
    assert page.status_code == 422
    assert form_on(page)["letter.body"] == "See www.harbour.org"
    assert "letter" not in item(fake_site, lettered)


def test_a_letter_that_was_typed_here_before_the_partner_came_is_offered_too(
    fake_site: FakeSite, lettered: Petition
) -> None:
    """The partner counts the signature before its person has opened our email."""
    assert fake_site.post_json(f"/api{SIGNATURES}", json_of(letter={"send": True, "body": "Mine."})).status_code == 202
    before = item(fake_site, lettered)
    fake_site.clock.forward(MINUTES)
    oak_sends_alice(fake_site, lettered)
    relay_and_send(fake_site, lettered, before)
    assert OFFER in " ".join(fake_site.mailer.mails[-1].text.split())
    answers(fake_site, lettered)
    assert "Mine." in fake_site.mailer.mails[-1].text


def test_a_letter_asked_for_while_another_email_waits_is_offered_in_that_email(
    fake_site: FakeSite, lettered: Petition
) -> None:
    confirmed(fake_site.tables, lettered)
    fake_site.clock.forward(MINUTES)
    for letter in (None, {"send": True}):
        assert fake_site.post_json(f"/api{SIGNATURES}", json_of(letter=letter)).status_code == 202
    relay_and_send(fake_site, lettered, {})
    [mail] = fake_site.mailer.mails
    assert OFFER in " ".join(mail.text.split())


def test_who_sent_a_letter_is_offered_no_second_one(fake_site: FakeSite, lettered: Petition) -> None:
    confirmed(fake_site.tables, lettered)
    asks(fake_site, lettered)
    answers(fake_site, lettered)
    asks(fake_site, lettered)
    assert "letter_asked" not in item(fake_site, lettered)
    assert OFFER not in " ".join(fake_site.mailer.mails[-1].text.split())


def test_who_withdraws_takes_the_words_along(fake_site: FakeSite, lettered: Petition) -> None:
    confirmed(fake_site.tables, lettered)
    asks(fake_site, lettered, body="My own words.")
    link = fake_site.last_link("confirm")
    withdraw(key_of(lettered, identity_of(lettered)), lettered, fake_site.clock(), fake_site.tables)
    assert "letter_asked" not in item(fake_site, lettered)
    assert "My own words." not in shown(fake_site.get(link))


def test_a_partner_that_counts_the_person_at_the_same_moment_changes_no_offer(
    fake_site: FakeSite, lettered: Petition
) -> None:
    """The partner saw a signature that nobody had confirmed."""
    alice = confirmed(fake_site.tables, lettered)
    asks(fake_site, lettered)
    now, vouched = fake_site.clock(), Corrections()
    subject = subject_of(lettered, alice)
    also = {"letter": None, "letter_asked": None, "by_partner": True}
    confirm(subject, vouched, lettered, now, fake_site.tables, also=also)
    answers(fake_site, lettered)
    assert [mail.subject for mail in fake_site.mailer.mails] == [LETTER["subject"]]
