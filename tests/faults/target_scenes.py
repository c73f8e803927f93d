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
from tests.fake_site import FakeSite
from tests.faults.letter_scenes import LETTER_KEY, a_requested_letter, letter_is_queued_again
from tests.faults.scenes import LATER, PETITION, SIX_MINUTES, Scene, _schedule, counted_right, run
from tests.faults.staff_scenes import bob_may_all, call, is_in_the_trail, read
from tests.faults.update_scenes import bounce, deliver
from tests.letters.lettering import TARGET as HOME_OFFICE, a_petition_with_a_letter, confirmed_with_a_letter
from tests.located import UPPER, give_members

STAFF = "/api/staff/petitions/safe-children/letters"
TARGET = "home-secretary"
MEMBERS = {"key": TARGET, "name": "Your MP", "members": True}
PACED = {**HOME_OFFICE, "delivery": {"mode": "paced", "per_hour": 1}}


def letters_counted_right(fake_site: FakeSite) -> LetterNumbers:
    """Assert that the numbers equal what the letters' items say, and return them."""
    counted = total(letter_counts(PETITION.slug, fake_site.tables).get(TARGET, {}).values())
    outcomes = LETTERS.outcomes(PETITION.slug, fake_site.tables)
    assert counted.requested == outcomes.total()
    assert counted.waiting == outcomes[DeliveryOutcome.WAITING]
    for outcome in (each for each in DeliveryOutcome if each is not DeliveryOutcome.WAITING):
        assert getattr(counted, outcome) == outcomes[outcome]
    return counted


def is_counted_once(fake_site: FakeSite) -> None:
    assert letters_counted_right(fake_site).requested == 1
    assert len(fake_site.mailer.mails) <= 1


def pauses_its_target(fake_site: FakeSite) -> None:
    assert letters_counted_right(fake_site) == LetterNumbers(requested=1, failed=1)
    assert target_state(PETITION.slug, TARGET, fake_site.tables).paused_why == "bounced"


def a_sent_letter(fake_site: FakeSite) -> None:
    a_requested_letter(fake_site)
    LETTERS.mark_sent(fake_site.mail_request, NOW, fake_site.tables)  # type: ignore[attr-defined]


def a_crashed_sender(fake_site: FakeSite) -> None:
    a_requested_letter(fake_site)
    LETTERS.begin(fake_site.mail_request, NOW, fake_site.tables)  # type: ignore[attr-defined]


def bob_reads_letters(fake_site: FakeSite) -> None:
    bob_may_all(fake_site)
    a_sent_letter(fake_site)


def bob_pauses(fake_site: FakeSite) -> None:
    bob_may_all(fake_site)
    a_petition_with_a_letter(fake_site)


def a_paused_target(fake_site: FakeSite) -> None:
    bob_pauses(fake_site)
    pause(PETITION.slug, TARGET, "bounced", NOW, fake_site.tables)


def a_letter_to_a_paused_target(fake_site: FakeSite) -> None:
    a_requested_letter(fake_site)
    pause(PETITION.slug, TARGET, "bounced", NOW, fake_site.tables)


def a_letter_at_a_pace(fake_site: FakeSite) -> None:
    """The scene plays on a Tuesday at 14:00."""
    confirmed_with_a_letter(fake_site, a_petition_with_a_letter(fake_site, targets=[PACED]))
    fake_site.mail_request = LETTERS.request(LETTER_KEY, NOW, fake_site.tables)  # type: ignore[attr-defined]


def a_letter_whose_turn_comes_later(fake_site: FakeSite) -> None:
    a_letter_at_a_pace(fake_site)
    now = NOW + LATER
    assert (
        book_letter_turn(PETITION.slug, TARGET, "another", Paced(mode="paced", per_hour=1), None, now, fake_site.tables)
        == now
    )


def a_letter_that_waits_at_a_pace_that_ended(fake_site: FakeSite) -> None:
    a_letter_at_a_pace(fake_site)
    LETTERS.postpone(fake_site.mail_request, NOW + DAY, fake_site.tables)  # type: ignore[attr-defined]
    a_petition_with_a_letter(fake_site)


def is_due_and_queued(fake_site: FakeSite) -> None:
    item = fake_site.tables.items[LETTERS.item_key(LETTER_KEY)]
    assert item["mail_due_at"] == item["mail_requested_at"]
    letter_is_queued_again(fake_site)


def waits(fake_site: FakeSite) -> None:
    assert letters_counted_right(fake_site) == LetterNumbers(requested=1)
    assert fake_site.tables.items[LETTERS.item_key(LETTER_KEY)]["mail_requested_at"]


def is_paused(fake_site: FakeSite) -> None:
    is_in_the_trail("letters.paused", fake_site)
    assert target_state(PETITION.slug, TARGET, fake_site.tables).is_paused


def is_resumed(fake_site: FakeSite) -> None:
    is_in_the_trail("letters.resumed", fake_site)
    assert not target_state(PETITION.slug, TARGET, fake_site.tables).is_paused


def a_letter_to_a_member(fake_site: FakeSite) -> None:
    confirmed_with_a_letter(fake_site, a_petition_with_a_letter(fake_site, targets=[MEMBERS]))
    fake_site.mail_request = LETTERS.request(  # type: ignore[attr-defined]
        LETTER_KEY, NOW, fake_site.tables, member=UPPER.constituency
    )


def a_sent_letter_to_a_member(fake_site: FakeSite) -> None:
    a_letter_to_a_member(fake_site)
    LETTERS.mark_sent(fake_site.mail_request, NOW, fake_site.tables)  # type: ignore[attr-defined]


def deliver_with_the_tables(fake_site: FakeSite) -> bool:
    with pytest.MonkeyPatch.context() as patch:
        give_members(patch)
        return deliver(fake_site)


def goes_to_the_member(fake_site: FakeSite) -> None:
    is_counted_once(fake_site)
    assert {mail.to for mail in fake_site.mailer.mails} <= {UPPER.email}


def pauses_this_member_only(fake_site: FakeSite) -> None:
    assert letters_counted_right(fake_site) == LetterNumbers(requested=1, failed=1)
    assert target_state(PETITION.slug, TARGET, fake_site.tables, UPPER.constituency).paused_why == "bounced"
    assert not target_state(PETITION.slug, TARGET, fake_site.tables).is_paused


def a_paused_member(fake_site: FakeSite) -> None:
    bob_may_all(fake_site)
    a_petition_with_a_letter(fake_site, targets=[MEMBERS])
    pause(PETITION.slug, TARGET, "bounced", NOW, fake_site.tables, UPPER.constituency)


def member_is_resumed(fake_site: FakeSite) -> None:
    is_in_the_trail("letters.resumed", fake_site)
    assert not target_state(PETITION.slug, TARGET, fake_site.tables, UPPER.constituency).is_paused


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
