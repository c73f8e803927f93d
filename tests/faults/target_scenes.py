"""Scenes of the targets of letters: their numbers are exact, wherever a process stops."""

from datetime import timedelta
from functools import partial

import pytest

from chalicelib.letters.counts import LetterNumbers, letter_counts, total
from chalicelib.letters.deliveries import LETTERS
from chalicelib.letters.pace import book_letter_turn
from chalicelib.letters.target_state import pause, target_state
from chalicelib.mail.deliveries import DeliveryOutcome
from chalicelib.petitions.letter import Paced
from tests.actors import DAY, NOW
from tests.faults.letter_scenes import LETTER_KEY, a_requested_letter, letter_is_queued_again
from tests.faults.scenes import LATER, PETITION, SIX_MINUTES, Scene, _schedule, counted_right, run
from tests.faults.staff_scenes import bob_may_all, call, is_in_the_trail, read
from tests.faults.update_scenes import bounce, deliver
from tests.letters.lettering import TARGET as HOME_OFFICE, a_petition_with_a_letter, confirmed_with_a_letter
from tests.located import UPPER, give_members
from tests.served import Served

STAFF = "/api/staff/petitions/safe-children/letters"
TARGET = "home-secretary"
MEMBERS = {"key": TARGET, "name": "Your MP", "members": True}
PACED = {**HOME_OFFICE, "delivery": {"mode": "paced", "per_hour": 1}}


def letters_counted_right(served: Served) -> LetterNumbers:
    """Assert that the numbers equal what the letters' items say, and return them."""
    counted = total(letter_counts(PETITION.slug, served.tables).get(TARGET, {}).values())
    outcomes = LETTERS.outcomes(PETITION.slug, served.tables)
    assert counted.requested == outcomes.total()
    assert counted.waiting == outcomes[DeliveryOutcome.WAITING]
    for outcome in (each for each in DeliveryOutcome if each is not DeliveryOutcome.WAITING):
        assert getattr(counted, outcome) == outcomes[outcome]
    return counted


def is_counted_once(served: Served) -> None:
    assert letters_counted_right(served).requested == 1
    assert len(served.mailer.mails) <= 1


def pauses_its_target(served: Served) -> None:
    assert letters_counted_right(served) == LetterNumbers(requested=1, failed=1)
    assert target_state(PETITION.slug, TARGET, served.tables).paused_why == "bounced"


def a_sent_letter(served: Served) -> None:
    a_requested_letter(served)
    LETTERS.mark_sent(served.mail_request, NOW, served.tables)  # type: ignore[attr-defined]


def a_crashed_sender(served: Served) -> None:
    a_requested_letter(served)
    LETTERS.begin(served.mail_request, NOW, served.tables)  # type: ignore[attr-defined]


def bob_reads_letters(served: Served) -> None:
    bob_may_all(served)
    a_sent_letter(served)


def bob_pauses(served: Served) -> None:
    bob_may_all(served)
    a_petition_with_a_letter(served)


def a_paused_target(served: Served) -> None:
    bob_pauses(served)
    pause(PETITION.slug, TARGET, "bounced", NOW, served.tables)


def a_letter_to_a_paused_target(served: Served) -> None:
    a_requested_letter(served)
    pause(PETITION.slug, TARGET, "bounced", NOW, served.tables)


def a_letter_at_a_pace(served: Served) -> None:
    """The scene plays on a Tuesday at 14:00."""
    confirmed_with_a_letter(served, a_petition_with_a_letter(served, targets=[PACED]))
    served.mail_request = LETTERS.request(LETTER_KEY, NOW, served.tables)  # type: ignore[attr-defined]


def a_letter_whose_turn_comes_later(served: Served) -> None:
    a_letter_at_a_pace(served)
    now = NOW + LATER
    assert (
        book_letter_turn(PETITION.slug, TARGET, "another", Paced(mode="paced", per_hour=1), None, now, served.tables)
        == now
    )


def a_letter_that_waits_at_a_pace_that_ended(served: Served) -> None:
    a_letter_at_a_pace(served)
    LETTERS.postpone(served.mail_request, NOW + DAY, served.tables)  # type: ignore[attr-defined]
    a_petition_with_a_letter(served)


def is_due_and_queued(served: Served) -> None:
    item = served.tables.items[LETTERS.item_key(LETTER_KEY)]
    assert item["mail_due_at"] == item["mail_requested_at"]
    letter_is_queued_again(served)


def waits(served: Served) -> None:
    assert letters_counted_right(served) == LetterNumbers(requested=1)
    assert served.tables.items[LETTERS.item_key(LETTER_KEY)]["mail_requested_at"]


def is_paused(served: Served) -> None:
    is_in_the_trail("letters.paused", served)
    assert target_state(PETITION.slug, TARGET, served.tables).is_paused


def is_resumed(served: Served) -> None:
    is_in_the_trail("letters.resumed", served)
    assert not target_state(PETITION.slug, TARGET, served.tables).is_paused


def a_letter_to_a_member(served: Served) -> None:
    confirmed_with_a_letter(served, a_petition_with_a_letter(served, targets=[MEMBERS]))
    served.mail_request = LETTERS.request(  # type: ignore[attr-defined]
        LETTER_KEY, NOW, served.tables, member=UPPER.constituency
    )


def a_sent_letter_to_a_member(served: Served) -> None:
    a_letter_to_a_member(served)
    LETTERS.mark_sent(served.mail_request, NOW, served.tables)  # type: ignore[attr-defined]


def deliver_with_the_tables(served: Served) -> bool:
    with pytest.MonkeyPatch.context() as patch:
        give_members(patch)
        return deliver(served)


def goes_to_the_member(served: Served) -> None:
    is_counted_once(served)
    assert {mail.to for mail in served.mailer.mails} <= {UPPER.email}


def pauses_this_member_only(served: Served) -> None:
    assert letters_counted_right(served) == LetterNumbers(requested=1, failed=1)
    assert target_state(PETITION.slug, TARGET, served.tables, UPPER.constituency).paused_why == "bounced"
    assert not target_state(PETITION.slug, TARGET, served.tables).is_paused


def a_paused_member(served: Served) -> None:
    bob_may_all(served)
    a_petition_with_a_letter(served, targets=[MEMBERS])
    pause(PETITION.slug, TARGET, "bounced", NOW, served.tables, UPPER.constituency)


def member_is_resumed(served: Served) -> None:
    is_in_the_trail("letters.resumed", served)
    assert not target_state(PETITION.slug, TARGET, served.tables, UPPER.constituency).is_paused


TARGET_SCENES = [
    Scene("send_other_mail", a_letter_to_a_member, deliver_with_the_tables, goes_to_the_member, SIX_MINUTES),
    Scene("receive_feedback", a_sent_letter_to_a_member, bounce, pauses_this_member_only),
    Scene("resume_letters", a_paused_member,
          partial(call, "POST", f"{STAFF}/{TARGET}/resume?member=Upper%20Zed", 200, None), member_is_resumed),
    Scene("send_other_mail", a_requested_letter, deliver, is_counted_once, SIX_MINUTES),
    Scene("send_other_mail", a_crashed_sender, deliver, is_counted_once, SIX_MINUTES, sends=False),
    Scene("send_other_mail", a_letter_to_a_paused_target, deliver, waits, SIX_MINUTES, sends=False),
    Scene("send_other_mail", a_letter_at_a_pace, deliver, is_counted_once, timedelta(hours=1)),
    Scene("send_other_mail", a_letter_whose_turn_comes_later, deliver, waits, SIX_MINUTES, sends=False),
    Scene("sweep_mail", a_letter_that_waits_at_a_pace_that_ended, partial(run, "sweep_mail", _schedule),
          is_due_and_queued),
    Scene("receive_feedback", a_sent_letter, bounce, pauses_its_target),
    Scene("read_letters", bob_reads_letters, partial(read, STAFF), counted_right),
    Scene("pause_letters", bob_pauses, partial(call, "POST", f"{STAFF}/{TARGET}/pause", 200, None), is_paused),
    Scene("resume_letters", a_paused_target, partial(call, "POST", f"{STAFF}/{TARGET}/resume", 200, None), is_resumed),
]  # fmt: skip
