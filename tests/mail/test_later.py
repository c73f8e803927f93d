"""An email whose kind returns Later waits without a message, and is queued shortly before it is due."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.aws.queue import LONGEST_DELAY
from chalicelib.delivery import worker
from chalicelib.mail.kind import Content, Later, NotSent
from chalicelib.mail.model import MailRequest
from tests.actors import ALICE, NOW
from tests.fake_site import FakeSite
from tests.mail.a_third_kind import THANKS
from tests.mail.test_deliveries import recipients_after_sending, request_email

DUE = NOW + timedelta(minutes=50)
SWEEP_INTERVAL = timedelta(minutes=15)


@pytest.fixture(autouse=True)
def _third_kind_returns_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def contents(key: str, stored: Any, context: Any, now: datetime, tables: Any) -> Content | NotSent | Later:
        if now < DUE:
            return Later(DUE)
        return THANKS.contents(key, stored, context, now, tables)

    monkeypatch.setitem(worker.KINDS, THANKS.name, replace(THANKS, contents=contents))


@pytest.fixture
def postponed_request(fake_site: FakeSite) -> MailRequest:
    request = request_email(fake_site)
    assert recipients_after_sending(fake_site, request) == []
    return request


def test_the_sweep_queues_a_postponed_email_once_for_the_second_when_it_is_due(
    fake_site: FakeSite, postponed_request: MailRequest
) -> None:
    for _ in range(5):
        fake_site.invoke("check_mail", {"task": "sweep"})
        fake_site.clock.forward(SWEEP_INTERVAL)
    assert fake_site.other_queue.messages == [postponed_request.model_dump()]
    [delay] = fake_site.other_queue.delays
    assert 0 < delay <= LONGEST_DELAY
    assert NOW + 3 * SWEEP_INTERVAL + timedelta(seconds=delay) == DUE + timedelta(seconds=2), "clocks may differ by 2 s"
    assert recipients_after_sending(fake_site, postponed_request) == [ALICE.email]


def test_a_postponed_email_whose_message_was_lost_is_queued_again(
    fake_site: FakeSite, postponed_request: MailRequest
) -> None:
    for _ in range(4 * 8):
        fake_site.invoke("check_mail", {"task": "sweep"})
        fake_site.clock.forward(SWEEP_INTERVAL)
    assert len(fake_site.other_queue.messages) == 2, "after six hours"


def test_a_postponed_email_is_queued_in_time_although_the_next_walk_is_later(fake_site: FakeSite) -> None:
    """After a walk without postponed emails, the next walk is an hour later. A postponed email brings it forward."""
    request = request_email(fake_site)
    fake_site.invoke("check_mail", {"task": "sweep"})
    assert recipients_after_sending(fake_site, request) == []
    fake_site.clock.forward(3 * SWEEP_INTERVAL)
    fake_site.invoke("check_mail", {"task": "sweep"})
    assert fake_site.other_queue.messages == [request.model_dump()]
