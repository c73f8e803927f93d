"""Scenes of the targets of letters: their numbers are exact, wherever a process stops."""

from datetime import timedelta
from functools import partial

from chalicelib.core.letter_keys import letter_delivery
from chalicelib.letters.counts import LetterNumbers, letter_counts, total
from chalicelib.letters.deliveries import LETTERS
from chalicelib.letters.pace import book_letter_turn
from chalicelib.letters.target_state import note_rejection, pause, target_state
from chalicelib.mail.deliveries import DeliveryOutcome
from chalicelib.petitions.letter import Paced
from tests.actors import DAY, NOW
from tests.fake_site import FakeSite
from tests.faults.letter_scenes import LETTER_KEY, with_a_requested_letter
from tests.faults.scenes import (
    PETITION,
    SIX_MINUTES,
    TWO_HOURS,
    Scene,
    assert_exact_counts,
    run_mail_task,
)
from tests.faults.staff_scenes import assert_audit_entry, call, read, with_bobs_token
from tests.faults.update_scenes import assert_request_is_queued_again, bounce_email, deliver_request
from tests.letters.lettering import TARGET, a_petition_with_a_letter, confirmed_with_a_letter

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


def with_bob_and_a_sent_letter(fake_site: FakeSite) -> None:
    with_bobs_token(fake_site)
    with_a_sent_letter(fake_site)


def with_bob_and_a_petition_with_a_letter(fake_site: FakeSite) -> None:
    with_bobs_token(fake_site)
    a_petition_with_a_letter(fake_site)


def with_a_paused_target(fake_site: FakeSite) -> None:
    with_bob_and_a_petition_with_a_letter(fake_site)
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


def assert_target_is_paused(fake_site: FakeSite) -> None:
    assert_audit_entry("letters.paused", fake_site)
    assert target_state(PETITION.slug, TARGET_KEY, fake_site.tables).is_paused


def assert_target_is_resumed(fake_site: FakeSite) -> None:
    assert_audit_entry("letters.resumed", fake_site)
    assert not target_state(PETITION.slug, TARGET_KEY, fake_site.tables).is_paused


TARGET_SCENES = [
    Scene("send_other_mail", with_a_requested_letter, deliver_request, assert_letter_is_counted_once, SIX_MINUTES),
    Scene("send_other_mail", with_a_crashed_sender, deliver_request, assert_letter_is_counted_once, SIX_MINUTES,
          sends=False),
    Scene("send_other_mail", with_a_letter_to_a_paused_target, deliver_request, assert_letter_waits, SIX_MINUTES,
          sends=False),
    Scene("send_other_mail", with_a_letter_at_a_pace, deliver_request, assert_letter_is_counted_once,
          timedelta(hours=1)),
    Scene("send_other_mail", with_a_letter_whose_turn_comes_later, deliver_request, assert_letter_waits, SIX_MINUTES,
          sends=False),
    Scene("check_mail", with_a_letter_postponed_by_a_former_pace, partial(run_mail_task, "sweep"),
          assert_letter_is_due_and_queued),
    Scene("receive_feedback", with_a_sent_letter, bounce_email, assert_bounce_paused_the_target),
    Scene("receive_feedback", with_a_sent_letter_after_two_rejections,
          partial(bounce_email, bounceType="Transient", bounceSubType="ContentRejected"),
          assert_third_rejection_paused_the_target),
    Scene("read_letters", with_bob_and_a_sent_letter, partial(read, LETTERS_URL), assert_exact_counts),
    Scene("pause_letters", with_bob_and_a_petition_with_a_letter,
          partial(call, "POST", f"{LETTERS_URL}/{TARGET_KEY}/pause", 200, None), assert_target_is_paused),
    Scene("resume_letters", with_a_paused_target,
          partial(call, "POST", f"{LETTERS_URL}/{TARGET_KEY}/resume", 200, None), assert_target_is_resumed),
]  # fmt: skip
