"""Staff change how a target gets its letters: those that waited for a turn follow the new setting."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core import keys
from chalicelib.core.times import iso
from chalicelib.letters.counts import LetterNumbers
from chalicelib.mail.sweep import LOST_AFTER_IF_QUIET
from chalicelib.petitions.model import Petition
from tests.fake_site import FakeSite, schedule_event
from tests.letters.lettering import TARGET as OFFICE, a_petition_with_a_letter, send_all
from tests.letters.test_counts import numbers
from tests.letters.test_digests import UNTIL_SEVEN, letters, run

SLOW, FAST = {"mode": "paced", "per_hour": 1}, {"mode": "paced", "per_hour": 100}


def delivered_as(fake_site: FakeSite, delivery: dict[str, Any]) -> Petition:
    return a_petition_with_a_letter(fake_site, targets=[{**OFFICE, "delivery": delivery}])


def sweeps(fake_site: FakeSite) -> None:
    """Let the time go by in which every waiting letter is looked at, and send what is due."""
    for _ in range(5):
        fake_site.clock.forward(LOST_AFTER_IF_QUIET / 4)
        fake_site.invoke("sweep_mail", schedule_event())
        send_all(fake_site)


@pytest.fixture
def waiting(fake_site: FakeSite) -> FakeSite:
    """One letter went, and twenty wait for the next days."""
    letters(fake_site, delivered_as(fake_site, SLOW), 21)
    assert numbers(fake_site) == LetterNumbers(requested=21, sent=1)
    return fake_site


@pytest.mark.parametrize("others_wait", [0, 500])
def test_without_a_pace_they_are_due_now_however_busy_the_queue_is(waiting: FakeSite, others_wait: int) -> None:
    delivered_as(waiting, {"mode": "single"})
    waiting.queue.messages += [{}] * others_wait
    sweeps(waiting)
    assert numbers(waiting) == LetterNumbers(requested=21, sent=21)
    assert len(waiting.mailer.mails) == 21


def test_those_that_were_queued_for_an_earlier_turn_are_due_now_too(waiting: FakeSite) -> None:
    """Its hour had no room, so the sender gave them a later turn."""
    for key, item in waiting.tables.items.items():
        if key.table == keys.DELIVERIES and "mail_due_at" in item:
            item["mail_queued_at"] = iso(waiting.clock())
    delivered_as(waiting, {"mode": "single"})
    sweeps(waiting)
    assert numbers(waiting).sent == 21


def test_they_are_queued_once(waiting: FakeSite) -> None:
    delivered_as(waiting, {"mode": "single"})
    for _ in range(4):
        waiting.clock.forward(LOST_AFTER_IF_QUIET / 3)
        waiting.invoke("sweep_mail", schedule_event())
    assert len(waiting.other_queue.messages) == 20


def test_for_a_target_that_gets_digests_now_they_are_in_the_next_one(waiting: FakeSite) -> None:
    delivered_as(waiting, {"mode": "digest", "first": 0})
    sweeps(waiting)
    waiting.clock.forward(UNTIL_SEVEN)
    run(waiting)
    assert waiting.mailer.mails[-1].subject.startswith("20 letters")
    assert numbers(waiting) == LetterNumbers(requested=21, sent=21)


def test_those_to_a_target_that_was_removed_are_dropped_soon(waiting: FakeSite) -> None:
    a_petition_with_a_letter(waiting, targets=[{**OFFICE, "key": "another"}])
    sweeps(waiting)
    assert numbers(waiting) == LetterNumbers(requested=21, sent=1, dropped=20)


def test_while_it_has_a_pace_each_keeps_its_turn(waiting: FakeSite) -> None:
    delivered_as(waiting, FAST)
    sweeps(waiting)
    assert numbers(waiting).sent == 2


def test_letters_at_a_faster_pace_do_not_wait_for_turns_at_the_slow_one(waiting: FakeSite) -> None:
    petition = delivered_as(waiting, FAST)
    waiting.clock.forward(timedelta(minutes=30))
    letters(waiting, petition, 1)
    assert numbers(waiting).sent == 2
