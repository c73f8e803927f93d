"""An email whose kind says "later" waits without a message, and is queued shortly before it is due."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.aws.queue import LONGEST_DELAY
from chalicelib.delivery import worker
from chalicelib.mail.kind import Content, Later, NotSent
from chalicelib.mail.model import MailRequest
from tests.actors import ALICE, NOW
from tests.fake_site import FakeSite, schedule_event
from tests.mail.a_third_kind import THANKS
from tests.mail.test_deliveries import item_of, requested, sent_to

DUE = NOW + timedelta(minutes=50)
RUNS_EVERY = timedelta(minutes=15)


@pytest.fixture(autouse=True)
def _a_kind_with_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    def contents(key: str, stored: Any, context: Any, now: datetime, tables: Any) -> Content | NotSent | Later:
        return THANKS.contents(key, stored, context, now, tables) if now >= DUE else Later(DUE)

    monkeypatch.setitem(worker.KINDS, THANKS.name, replace(THANKS, contents=contents))


@pytest.fixture
def waiting(fake_site: FakeSite) -> MailRequest:
    request = requested(fake_site)
    assert sent_to(fake_site, request) == []
    return request


def test_it_waits_unclaimed_and_a_repeated_message_does_nothing(fake_site: FakeSite, waiting: MailRequest) -> None:
    assert item_of(fake_site, waiting)["mail_due_at"] == "2026-11-24T12:50:00Z"
    assert "mail_claimed_until" not in item_of(fake_site, waiting)
    assert sent_to(fake_site, waiting) == []


def test_the_sweep_queues_it_once_for_the_second_when_it_is_due(fake_site: FakeSite, waiting: MailRequest) -> None:
    for _ in range(5):
        fake_site.invoke("sweep_mail", schedule_event())
        fake_site.clock.forward(RUNS_EVERY)
    assert fake_site.other_queue.messages == [waiting.model_dump()]
    [delay] = fake_site.other_queue.delays
    assert 0 < delay <= LONGEST_DELAY
    assert NOW + 3 * RUNS_EVERY + timedelta(seconds=delay) == DUE + timedelta(seconds=2), "clocks may differ by 2 s"
    assert sent_to(fake_site, waiting) == [ALICE.email]


def test_a_message_that_was_lost_is_queued_again(fake_site: FakeSite, waiting: MailRequest) -> None:
    for _ in range(4 * 8):
        fake_site.invoke("sweep_mail", schedule_event())
        fake_site.clock.forward(RUNS_EVERY)
    assert len(fake_site.other_queue.messages) == 2, "after six hours"


def test_it_is_queued_in_time_although_the_next_walk_is_later(fake_site: FakeSite) -> None:
    """A walk that found nothing postponed returns after an hour. An email that is postponed then brings it forward."""
    request = requested(fake_site)
    fake_site.invoke("sweep_mail", schedule_event())
    assert sent_to(fake_site, request) == []
    fake_site.clock.forward(3 * RUNS_EVERY)
    fake_site.invoke("sweep_mail", schedule_event())
    assert fake_site.other_queue.messages == [request.model_dump()]
