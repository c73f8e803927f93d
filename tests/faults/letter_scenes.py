"""Scenes of letters. A letter is sent at most once, wherever a process stops."""

from functools import partial
from typing import Any

from chalicelib.core import keys
from chalicelib.core.errors import MailRefused
from chalicelib.core.letter_keys import letter_delivery
from chalicelib.core.times import iso
from chalicelib.core.tokens import Purpose
from chalicelib.letters.deliveries import LETTERS
from chalicelib.mail.model import MailRequest
from chalicelib.mail.sweep import LOST_AFTER_IF_QUIET
from chalicelib.petitions.model import Petition
from tests.actors import NOW, change_item, confirmed, item_of
from tests.fake_site import FakeSite, stream_event, token_in
from tests.faults.people_scenes import PERSON
from tests.faults.scenes import KEY, PETITION, SIX_MINUTES, Scene, _schedule, counted_right, link, post, run
from tests.faults.staff_scenes import (
    ADDRESS,
    WRITTEN,
    bob_may_all,
    call,
    change_petition,
    is_in_the_trail,
    petition_is_right,
)
from tests.faults.update_scenes import bounce, deliver
from tests.letters.lettering import HOME_SECRETARY, LETTER, PENDING, a_petition_with_a_letter, confirmed_with_a_letter

WITH_A_LETTER = {**WRITTEN, "letter": LETTER}
LETTER_KEY = letter_delivery(PETITION.slug, "home-secretary", KEY.sk)


def alice_sends_a_letter(fake_site: FakeSite) -> Petition:
    petition = a_petition_with_a_letter(fake_site)
    confirmed_with_a_letter(fake_site, petition)
    return petition


def a_requested_letter(fake_site: FakeSite) -> None:
    alice_sends_a_letter(fake_site)
    fake_site.mail_request = LETTERS.request(LETTER_KEY, NOW, fake_site.tables)  # type: ignore[attr-defined]


def a_letter_that_ses_refuses(fake_site: FakeSite) -> None:
    a_requested_letter(fake_site)
    fake_site.mailer.failures = [MailRefused()]


def bob_and_a_requested_letter(fake_site: FakeSite) -> None:
    bob_may_all(fake_site)
    a_requested_letter(fake_site)


def a_dropped_letter(fake_site: FakeSite) -> None:
    """She withdrew before it was sent, and signed again."""
    a_requested_letter(fake_site)
    LETTERS.drop(fake_site.mail_request, NOW, fake_site.tables)  # type: ignore[attr-defined]


def an_old_request_for_a_letter(fake_site: FakeSite) -> None:
    a_requested_letter(fake_site)
    fake_site.clock.forward(2 * LOST_AFTER_IF_QUIET)


def alice_is_offered_a_letter(fake_site: FakeSite) -> None:
    petition = a_petition_with_a_letter(fake_site)
    alice = confirmed(fake_site.tables, petition)
    offer = {"version": petition.letter_version, "reply": False, "asked_at": iso(NOW)}
    change_item(fake_site.tables, petition, alice, letter_asked=offer)


def letter_is_stored(fake_site: FakeSite) -> None:
    counted_right(fake_site)
    item = item_of(fake_site.tables, PETITION, KEY.sk)
    assert item["letter"]["version"]
    assert "letter_asked" not in item


def confirmation(fake_site: FakeSite) -> dict[str, Any]:
    return stream_event([("1", PENDING, item_of(fake_site.tables, PETITION, KEY.sk))])


def is_requested_once(fake_site: FakeSite) -> None:
    assert [key for key in fake_site.tables.items if key.table == keys.DELIVERIES] == [LETTERS.item_key(LETTER_KEY)]
    assert {message["key"] for message in fake_site.other_queue.messages} == {LETTER_KEY}


def is_sent_at_most_once(fake_site: FakeSite) -> None:
    assert [mail.to for mail in fake_site.mailer.mails] in ([], [HOME_SECRETARY])
    counted_right(fake_site)


def says_nothing_about_alice(fake_site: FakeSite) -> None:
    assert fake_site.tables.items[LETTERS.item_key(LETTER_KEY)]["undeliverable"] == "bounced"
    assert "undeliverable" not in item_of(fake_site.tables, PETITION, KEY.sk)


def letter_is_queued_again(fake_site: FakeSite) -> None:
    request: MailRequest = fake_site.mail_request  # type: ignore[attr-defined]
    assert request.model_dump() in fake_site.other_queue.messages


LETTER_SCENES = [
    Scene("relay_mail", alice_sends_a_letter, partial(run, "relay_mail", confirmation), is_requested_once),
    Scene("relay_mail", a_dropped_letter, partial(run, "relay_mail", confirmation), is_requested_once),
    Scene("send_other_mail", a_requested_letter, deliver, is_sent_at_most_once, SIX_MINUTES),
    Scene("send_other_mail", a_letter_that_ses_refuses, deliver, counted_right, SIX_MINUTES, sends=False),
    Scene("confirm_signature", alice_is_offered_a_letter,
          partial(post, "/confirm", {"token": token_in(link(Purpose.CONFIRM)), "letter.send": "yes"}, 200),
          letter_is_stored),
    Scene("export_access", bob_and_a_requested_letter, partial(call, "POST", f"{PERSON}/access", 200, {}),
          partial(is_in_the_trail, "access.exported")),
    Scene("receive_feedback", a_requested_letter, bounce, says_nothing_about_alice),
    Scene("edit_petition", bob_may_all, partial(change_petition, "PUT", ADDRESS, WITH_A_LETTER), petition_is_right),
    Scene("sweep_mail", an_old_request_for_a_letter, partial(run, "sweep_mail", _schedule), letter_is_queued_again),
]  # fmt: skip
