"""Scenes of letters. A letter is sent at most once, wherever a process stops."""

from functools import partial
from typing import Any

from chalicelib.core import keys
from chalicelib.core.errors import MailRefused
from chalicelib.core.letter_keys import letter_delivery
from chalicelib.core.times import iso
from chalicelib.core.tokens import Purpose
from chalicelib.letters.deliveries import LETTERS
from chalicelib.mail.sweep import LOST_AFTER_IF_NO_BACKLOG
from tests.actors import NOW, change_item, confirmed, item_of
from tests.fake_site import FakeSite, stream_event, token_in
from tests.faults.people_scenes import PERSON_URL
from tests.faults.scenes import (
    KEY,
    PETITION,
    SIX_MINUTES,
    Scene,
    assert_exact_counts,
    link,
    post,
    run,
    run_mail_task,
)
from tests.faults.staff_scenes import (
    PETITION_FIELDS,
    PETITION_URL,
    assert_audit_entry,
    assert_petition_is_complete,
    call,
    change_petition,
    with_bobs_token,
)
from tests.faults.update_scenes import assert_request_is_queued_again, bounce_email, deliver_request
from tests.letters.lettering import HOME_SECRETARY, LETTER, PENDING, a_petition_with_a_letter, confirmed_with_a_letter

FIELDS_WITH_A_LETTER = {**PETITION_FIELDS, "letter": LETTER}
LETTER_KEY = letter_delivery(PETITION.slug, "home-secretary", KEY.sk)


def with_a_letter_from_alice(fake_site: FakeSite) -> None:
    confirmed_with_a_letter(fake_site, a_petition_with_a_letter(fake_site))


def with_a_requested_letter(fake_site: FakeSite) -> None:
    with_a_letter_from_alice(fake_site)
    fake_site.scene_state.mail_request = LETTERS.request(LETTER_KEY, NOW, fake_site.tables)


def with_a_letter_that_ses_refuses(fake_site: FakeSite) -> None:
    with_a_requested_letter(fake_site)
    fake_site.mailer.failures = [MailRefused()]


def with_bob_and_a_requested_letter(fake_site: FakeSite) -> None:
    with_bobs_token(fake_site)
    with_a_requested_letter(fake_site)


def with_a_dropped_letter(fake_site: FakeSite) -> None:
    """Alice withdrew before the letter was sent, and signed again."""
    with_a_requested_letter(fake_site)
    LETTERS.drop(fake_site.scene_state.mail_request, NOW, fake_site.tables)


def with_an_old_request_for_a_letter(fake_site: FakeSite) -> None:
    with_a_requested_letter(fake_site)
    fake_site.clock.forward(2 * LOST_AFTER_IF_NO_BACKLOG)


def with_a_letter_offered_to_alice(fake_site: FakeSite) -> None:
    petition = a_petition_with_a_letter(fake_site)
    alice = confirmed(fake_site.tables, petition)
    offer = {"version": petition.letter_version, "reply": False, "asked_at": iso(NOW)}
    change_item(fake_site.tables, petition, alice, letter_asked=offer)


def assert_letter_is_stored(fake_site: FakeSite) -> None:
    assert_exact_counts(fake_site)
    item = item_of(fake_site.tables, PETITION, KEY.sk)
    assert item["letter"]["version"]
    assert "letter_asked" not in item


def confirmation_event(fake_site: FakeSite) -> dict[str, Any]:
    after = item_of(fake_site.tables, PETITION, KEY.sk)
    return stream_event([("1", PENDING, after)])


def assert_letter_is_requested_once(fake_site: FakeSite) -> None:
    deliveries = [key for key in fake_site.tables.items if key.table == keys.DELIVERIES]
    assert deliveries == [LETTERS.item_key(LETTER_KEY)]
    assert {message["key"] for message in fake_site.other_queue.messages} == {LETTER_KEY}


def assert_letter_is_sent_at_most_once(fake_site: FakeSite) -> None:
    assert [mail.to for mail in fake_site.mailer.mails] in ([], [HOME_SECRETARY])
    assert_exact_counts(fake_site)


def assert_only_the_letter_is_undeliverable(fake_site: FakeSite) -> None:
    assert fake_site.tables.items[LETTERS.item_key(LETTER_KEY)]["undeliverable"] == "bounced"
    assert "undeliverable" not in item_of(fake_site.tables, PETITION, KEY.sk)


LETTER_SCENES = [
    Scene("relay_mail", with_a_letter_from_alice, partial(run, "relay_mail", confirmation_event),
          assert_letter_is_requested_once),
    Scene("relay_mail", with_a_dropped_letter, partial(run, "relay_mail", confirmation_event),
          assert_letter_is_requested_once),
    Scene("send_other_mail", with_a_requested_letter, deliver_request, assert_letter_is_sent_at_most_once, SIX_MINUTES),
    Scene("send_other_mail", with_a_letter_that_ses_refuses, deliver_request, assert_exact_counts, SIX_MINUTES,
          sends=False),
    Scene("confirm_signature", with_a_letter_offered_to_alice,
          partial(post, "/confirm", {"token": token_in(link(Purpose.CONFIRM)), "letter.send": "yes"}, 200),
          assert_letter_is_stored),
    Scene("export_access", with_bob_and_a_requested_letter, partial(call, "POST", f"{PERSON_URL}/access", 200, {}),
          partial(assert_audit_entry, "access.exported")),
    Scene("receive_feedback", with_a_requested_letter, bounce_email, assert_only_the_letter_is_undeliverable),
    Scene("edit_petition", with_bobs_token, partial(change_petition, "PUT", PETITION_URL, FIELDS_WITH_A_LETTER),
          assert_petition_is_complete),
    Scene("check_mail", with_an_old_request_for_a_letter, partial(run_mail_task, "sweep"),
          assert_request_is_queued_again),
]  # fmt: skip
