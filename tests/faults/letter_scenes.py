"""Scenes of letters and their targets: each is sent at most once, and the numbers are exact."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from chalicelib.core import keys
from chalicelib.core.errors import MailRefused, SendingStopped
from chalicelib.core.letter_keys import letter_delivery
from chalicelib.core.times import iso
from chalicelib.core.tokens import Purpose
from chalicelib.letters.counts import LetterNumbers, letter_counts, total
from chalicelib.letters.deliveries import LETTERS
from chalicelib.letters.pace import book_letter_turn
from chalicelib.letters.target_state import note_rejection, pause, target_state
from chalicelib.mail.deliveries import DeliveryOutcome
from chalicelib.mail.sending import PAUSE
from chalicelib.petitions.letter import Paced
from tests.actors import DAY, NOW, change_item, confirmed, item_of
from tests.fake_site import FakeSite, stream_event, token_in
from tests.faults.mail_scenes import assert_request_is_queued_again, bounce_email, mail_messages, sends, sweeps
from tests.faults.scenes import (
    KEY,
    PETITION,
    SIX_MINUTES,
    TWO_HOURS,
    Scene,
    assert_exact_counts,
    deliver,
    link,
    nothing,
    post,
    run,
)
from tests.faults.staff_scenes import (
    PETITION_FIELDS,
    PETITION_URL,
    act_on_alice,
    assert_audit_entry,
    assert_exported,
    assert_petition_is_complete,
    call,
    change_petition,
)
from tests.letters.lettering import (
    LETTER,
    PENDING,
    TARGET,
    a_petition_with_a_letter,
    confirmed_with_a_letter,
)
from tests.located import LOWER, UPPER, give_members

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


def with_a_letter_on_a_used_up_quota(fake_site: FakeSite) -> None:
    with_a_requested_letter(fake_site)
    fake_site.mailer.failures = [SendingStopped("mail")]


def with_a_dropped_letter(fake_site: FakeSite) -> None:
    """Alice withdrew before the letter was sent, and signed again."""
    with_a_requested_letter(fake_site)
    LETTERS.drop(fake_site.scene_state.mail_request, NOW, fake_site.tables)


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


LETTERS_URL = "/api/staff/petitions/safe-children/letters"
TARGET_KEY = "home-secretary"
PACED = {**TARGET, "delivery": {"mode": "paced", "per_hour": 1}}


def checked_letter_numbers(fake_site: FakeSite) -> LetterNumbers:
    """Assert that the stored numbers equal those of the letters' items, and return them."""
    counts = letter_counts(PETITION.slug, fake_site.tables)
    numbers = total(counts.get(TARGET_KEY, {}).values())
    outcomes = LETTERS.outcomes(PETITION.slug, fake_site.tables)
    assert numbers.requested == outcomes.total()
    assert numbers.waiting == outcomes[DeliveryOutcome.WAITING]
    for outcome in {*DeliveryOutcome} - {DeliveryOutcome.WAITING}:
        assert getattr(numbers, outcome) == outcomes[outcome]
    return numbers


def assert_letter_is_counted_once(fake_site: FakeSite) -> None:
    assert checked_letter_numbers(fake_site).requested == 1
    assert len(fake_site.mailer.mails) <= 1


def assert_bounce_paused_the_target(fake_site: FakeSite) -> None:
    assert checked_letter_numbers(fake_site) == LetterNumbers(requested=1, failed=1)
    assert target_state(PETITION.slug, TARGET_KEY, fake_site.tables).paused_why == "bounced"


def with_a_sent_letter(fake_site: FakeSite) -> None:
    with_a_requested_letter(fake_site)
    LETTERS.mark_sent(fake_site.scene_state.mail_request, NOW, fake_site.tables)


def with_a_sent_letter_after_two_rejections(fake_site: FakeSite) -> None:
    with_a_sent_letter(fake_site)
    for rejection in "ab":
        note_rejection(PETITION.slug, TARGET_KEY, rejection, NOW, fake_site.tables)


def assert_third_rejection_paused_the_target(fake_site: FakeSite) -> None:
    assert checked_letter_numbers(fake_site) == LetterNumbers(requested=1, failed=1)
    assert target_state(PETITION.slug, TARGET_KEY, fake_site.tables).paused_why == "rejected"


def with_a_crashed_sender(fake_site: FakeSite) -> None:
    with_a_requested_letter(fake_site)
    LETTERS.begin(fake_site.scene_state.mail_request, NOW, fake_site.tables)


def with_a_paused_target(fake_site: FakeSite) -> None:
    a_petition_with_a_letter(fake_site)
    pause(PETITION.slug, TARGET_KEY, "bounced", NOW, fake_site.tables)


def with_a_letter_to_a_paused_target(fake_site: FakeSite) -> None:
    with_a_requested_letter(fake_site)
    pause(PETITION.slug, TARGET_KEY, "bounced", NOW, fake_site.tables)


def with_a_letter_at_a_pace(fake_site: FakeSite) -> None:
    """The scene takes place on a Tuesday at 14:00."""
    petition = a_petition_with_a_letter(fake_site, targets=[PACED])
    confirmed_with_a_letter(fake_site, petition)
    fake_site.scene_state.mail_request = LETTERS.request(LETTER_KEY, NOW, fake_site.tables)


def with_a_letter_whose_turn_comes_later(fake_site: FakeSite) -> None:
    with_a_letter_at_a_pace(fake_site)
    now, pace = NOW + TWO_HOURS, Paced(mode="paced", per_hour=1)
    another = letter_delivery(PETITION.slug, TARGET_KEY, "another")
    assert book_letter_turn(another, pace, now, fake_site.tables) == now


def with_a_letter_postponed_by_a_former_pace(fake_site: FakeSite) -> None:
    with_a_letter_at_a_pace(fake_site)
    LETTERS.postpone(fake_site.scene_state.mail_request, NOW + DAY, fake_site.tables)
    a_petition_with_a_letter(fake_site)


def assert_letter_is_due_and_queued(fake_site: FakeSite) -> None:
    item = fake_site.tables.items[LETTERS.item_key(LETTER_KEY)]
    assert item["mail_due_at"] == item["mail_requested_at"]
    assert_request_is_queued_again(fake_site)


def assert_letter_waits(fake_site: FakeSite) -> None:
    assert checked_letter_numbers(fake_site) == LetterNumbers(requested=1)
    assert fake_site.tables.items[LETTERS.item_key(LETTER_KEY)]["mail_requested_at"]


def assert_target_is_resumed(fake_site: FakeSite) -> None:
    assert_audit_entry("letters.resumed", fake_site)
    assert not target_state(PETITION.slug, TARGET_KEY, fake_site.tables).is_paused


MEMBERS = {"key": TARGET_KEY, "name": "Your MP", "members": True}


def with_a_letter_to_a_member(fake_site: FakeSite) -> None:
    petition = a_petition_with_a_letter(fake_site, targets=[MEMBERS])
    confirmed_with_a_letter(fake_site, petition)
    fake_site.scene_state.mail_request = LETTERS.request(LETTER_KEY, NOW, fake_site.tables, member=UPPER.constituency)


def deliver_with_a_table_of_members(fake_site: FakeSite) -> bool:
    with pytest.MonkeyPatch.context() as patch:
        give_members(patch)
        return deliver("send_other_mail", mail_messages, fake_site)


def assert_letter_goes_to_the_member(fake_site: FakeSite) -> None:
    assert_letter_is_counted_once(fake_site)
    assert {mail.to for mail in fake_site.mailer.mails} <= {UPPER.email}


def with_alice_in_a_new_constituency(fake_site: FakeSite) -> None:
    with_a_letter_to_a_member(fake_site)
    change_item(fake_site.tables, PETITION, KEY.sk, postcode="ZZ9 9ZZ", country="GB")


def relay_with_a_table_of_members(fake_site: FakeSite) -> bool:
    with pytest.MonkeyPatch.context() as patch:
        give_members(patch)
        return run("relay_mail", confirmation_event, fake_site)


def assert_letter_goes_to_the_new_member(fake_site: FakeSite) -> None:
    assert checked_letter_numbers(fake_site) == LetterNumbers(requested=1)
    assert fake_site.tables.items[LETTERS.item_key(LETTER_KEY)]["member"] == LOWER.constituency


SCENES = [
    Scene("relay_mail", with_a_letter_from_alice, partial(run, "relay_mail", confirmation_event),
          assert_letter_is_requested_once),
    Scene("relay_mail", with_a_dropped_letter, partial(run, "relay_mail", confirmation_event),
          assert_letter_is_requested_once),
    sends(with_a_letter_that_ses_refuses, assert_exact_counts, mails=0),
    Scene("confirm_signature", with_a_letter_offered_to_alice,
          partial(post, "/confirm", {"token": token_in(link(Purpose.CONFIRM)), "letter.send": "yes"}, 200),
          assert_letter_is_stored),
    Scene("export_access", with_a_requested_letter, act_on_alice("access"),
          assert_exported),
    Scene("edit_petition", nothing, partial(change_petition, "PUT", PETITION_URL, FIELDS_WITH_A_LETTER),
          assert_petition_is_complete),
    sends(with_a_requested_letter, assert_letter_is_counted_once),
    sends(with_a_letter_on_a_used_up_quota, assert_letter_is_counted_once, PAUSE),
    sends(with_a_crashed_sender, assert_letter_is_counted_once, mails=0),
    sends(with_a_letter_to_a_paused_target, assert_letter_waits, mails=0),
    sends(with_a_letter_at_a_pace, assert_letter_is_counted_once, timedelta(hours=1)),
    sends(with_a_letter_whose_turn_comes_later, assert_letter_waits, mails=0),
    sweeps(with_a_letter_postponed_by_a_former_pace, assert_letter_is_due_and_queued),
    Scene("receive_feedback", with_a_sent_letter, bounce_email, assert_bounce_paused_the_target),
    Scene("receive_feedback", with_a_sent_letter_after_two_rejections,
          partial(bounce_email, bounceType="Transient", bounceSubType="ContentRejected"),
          assert_third_rejection_paused_the_target),
    Scene("resume_letters", with_a_paused_target,
          partial(call, "POST", f"{LETTERS_URL}/{TARGET_KEY}/resume", 200, None), assert_target_is_resumed),
    Scene("send_other_mail", with_a_letter_to_a_member, deliver_with_a_table_of_members,
          assert_letter_goes_to_the_member, SIX_MINUTES),
    Scene("relay_mail", with_alice_in_a_new_constituency, relay_with_a_table_of_members,
          assert_letter_goes_to_the_new_member),
]  # fmt: skip
