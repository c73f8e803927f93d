"""Staff change how a target gets its letters: letters that wait for a turn follow the new setting."""

from datetime import timedelta

import pytest

from chalicelib.letters.counts import LetterNumbers
from chalicelib.mail.sweep import LOST_AFTER_IF_NO_BACKLOG
from tests.fake_site import FakeSite
from tests.letters.lettering import publish_with_delivery, send_all
from tests.letters.test_counts import numbers
from tests.letters.test_digests import UNTIL_SEVEN, send_digests, send_letters

SLOW, FAST = {"mode": "paced", "per_hour": 1}, {"mode": "paced", "per_hour": 100}


def sweep_all_letters(fake_site: FakeSite) -> None:
    """Let the time pass in which the sweep reads every waiting letter, and send the letters that are due."""
    for _ in range(5):
        fake_site.clock.forward(LOST_AFTER_IF_NO_BACKLOG / 4)
        fake_site.invoke("check_mail", {"task": "sweep"})
        send_all(fake_site)


def sweep_without_sending(fake_site: FakeSite) -> None:
    for _ in range(4):
        fake_site.clock.forward(LOST_AFTER_IF_NO_BACKLOG / 3)
        fake_site.invoke("check_mail", {"task": "sweep"})


@pytest.fixture(autouse=True)
def _waiting_letters(fake_site: FakeSite) -> None:
    """One letter was sent, and twenty wait for the next days."""
    send_letters(fake_site, publish_with_delivery(fake_site, SLOW), 21)
    assert numbers(fake_site) == LetterNumbers(requested=21, sent=1)


def test_waiting_letters_are_queued_once(fake_site: FakeSite) -> None:
    publish_with_delivery(fake_site, {"mode": "single"})
    sweep_without_sending(fake_site)
    assert len(fake_site.other_queue.messages) == 20


def test_waiting_letters_to_a_target_that_gets_digests_now_are_in_the_next_digest(fake_site: FakeSite) -> None:
    publish_with_delivery(fake_site, {"mode": "digest", "first": 0})
    sweep_all_letters(fake_site)
    fake_site.clock.forward(UNTIL_SEVEN)
    send_digests(fake_site)
    assert fake_site.mailer.mails[-1].subject.startswith("20 letters")
    assert numbers(fake_site) == LetterNumbers(requested=21, sent=21)


def test_waiting_letters_keep_their_turns_at_a_faster_pace(fake_site: FakeSite) -> None:
    publish_with_delivery(fake_site, FAST)
    sweep_all_letters(fake_site)
    assert numbers(fake_site).sent == 2


def test_new_letters_at_a_faster_pace_do_not_wait_for_turns_at_the_slow_pace(fake_site: FakeSite) -> None:
    petition = publish_with_delivery(fake_site, FAST)
    fake_site.clock.forward(timedelta(minutes=30))
    send_letters(fake_site, petition, 1)
    assert numbers(fake_site).sent == 2
