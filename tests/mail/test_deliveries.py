"""A third kind of email, with its state in the deliveries table, needs only one file and one folder of templates.

An email whose kind returns Later waits without a message, and is queued shortly before it is due.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.aws.queue import LONGEST_DELAY
from chalicelib.core.errors import Unavailable
from chalicelib.core.times import iso
from chalicelib.delivery import worker
from chalicelib.mail.deliveries import DeliveryOutcome, outcome_of
from chalicelib.mail.kind import Content, Later, NotSent
from chalicelib.mail.model import MailRequest
from chalicelib.mail.send import CLAIM
from chalicelib.mail.signature_kinds import delivery_key
from chalicelib.mail.sweep import LOST_AFTER_IF_NO_BACKLOG
from tests.actors import ALICE, NOW, a_petition, signed
from tests.fake_site import FakeSite, stream_event
from tests.mail.a_third_kind import ONCE, ONCE_STATE, STATE, THANKS


@pytest.fixture(autouse=True)
def _kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (THANKS, ONCE):
        monkeypatch.setitem(worker.KINDS, kind.name, kind)


def request_email(fake_site: FakeSite, state: Any = STATE, who: Any = ALICE) -> MailRequest:
    key = delivery_key(a_petition().slug, signed(fake_site.tables, a_petition(), who))
    request: MailRequest = state.request(key, NOW, fake_site.tables)
    return request


def delivery_item(fake_site: FakeSite, request: MailRequest) -> dict[str, Any]:
    state = worker.KINDS[request.kind].state
    return fake_site.tables.items[state.item_key(request.key)]


def recipients_after_sending(fake_site: FakeSite, request: MailRequest) -> list[str]:
    """Deliver the request's message, and return the recipients of all emails so far."""
    assert fake_site.deliver("send_other_mail", [request.model_dump()]) == []
    return [mail.to for mail in fake_site.mailer.mails]


def test_an_email_of_a_third_kind_is_relayed_sent_and_marked_and_its_bounce_is_recorded(fake_site: FakeSite) -> None:
    request = request_email(fake_site)
    fake_site.invoke("relay_mail", stream_event([("1", None, delivery_item(fake_site, request))]))
    assert [fake_site.queue.messages, fake_site.other_queue.messages] == [[], [request.model_dump()]]
    assert recipients_after_sending(fake_site, request) == [ALICE.email]
    tags = {name: [value] for name, value in fake_site.mailer.mails[0].tags.items()}
    event = {"eventType": "Bounce", "bounce": {"bounceType": "Permanent"}, "mail": {"tags": tags}}
    assert fake_site.deliver("receive_feedback", [event, event]) == []
    item = delivery_item(fake_site, request)
    assert (item["mails"], item["mailed_at"], item["undeliverable"]) == (1, "2026-11-24T12:00:00Z", "bounced")
    assert item["expires_at"] == int((NOW + STATE.lifetime).timestamp())


def test_a_complaint_stops_an_email_that_is_not_sent_yet(fake_site: FakeSite) -> None:
    request = request_email(fake_site)
    STATE.mark_undeliverable(request.key, "complained", NOW, fake_site.tables)
    assert recipients_after_sending(fake_site, request) == []


@pytest.mark.parametrize("marked", [(), ("mail_unknown_at",)])
def test_an_email_with_a_complaint_counts_as_sent_although_no_sender_marked_it(marked: tuple[str, ...]) -> None:
    """SES accepted the email, but its answer was lost. If the email counted as waiting, its update would never end."""
    item = {"mails": 0, "mail_requested_at": iso(NOW), **dict.fromkeys(marked, iso(NOW))}
    assert outcome_of({**item, "undeliverable": "complained"}) is DeliveryOutcome.SENT
    assert outcome_of({**item, "undeliverable": "bounced"}) is DeliveryOutcome.FAILED


@pytest.mark.parametrize(("state", "mails"), [(STATE, 2), (ONCE_STATE, 1)])
def test_after_an_unclear_answer_of_ses_an_email_is_sent_again_or_marked_unknown(
    fake_site: FakeSite, state: Any, mails: int
) -> None:
    request = request_email(fake_site, state)
    send, lost = fake_site.mailer.send, [Unavailable("mail")]

    def send_and_lose_the_answer(mail: Any) -> str:
        identity = send(mail)
        if lost:
            raise lost.pop()
        return identity

    fake_site.mailer.send = send_and_lose_the_answer  # type: ignore[method-assign]
    for _ in range(2):
        assert fake_site.deliver("send_other_mail", [request.model_dump()]) == ["0"], "the claim has not expired"
    fake_site.clock.forward(CLAIM)
    for _ in range(2):
        assert len(recipients_after_sending(fake_site, request)) == mails
    assert ("mail_unknown_at" in delivery_item(fake_site, request)) is (mails == 1)


def test_an_unknown_email_is_never_queued_again(fake_site: FakeSite) -> None:
    request = request_email(fake_site, ONCE_STATE)
    ONCE_STATE.claim(request, NOW, CLAIM, fake_site.tables)
    ONCE_STATE.begin(request, NOW, fake_site.tables)
    fake_site.clock.forward(2 * LOST_AFTER_IF_NO_BACKLOG)
    for _ in range(40):
        fake_site.invoke("check_mail", {"task": "sweep"})
        fake_site.clock.forward(timedelta(hours=1))
        fake_site.deliver("send_other_mail", fake_site.other_queue.messages)
    assert fake_site.mailer.mails == []
    assert len(fake_site.other_queue.messages) == 1, "the first time, before it was marked as unknown"


def test_a_request_that_is_dropped_before_sending_begins_sends_no_email(
    fake_site: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = request_email(fake_site, ONCE_STATE)

    def drop_and_compose(*arguments: Any) -> Content | NotSent | Later:
        ONCE_STATE.drop(request, NOW, fake_site.tables)
        return ONCE.contents(*arguments)

    monkeypatch.setitem(worker.KINDS, ONCE.name, replace(ONCE, contents=drop_and_compose))
    assert recipients_after_sending(fake_site, request) == []


DUE = NOW + timedelta(minutes=50)
SWEEP_INTERVAL = timedelta(minutes=15)


@pytest.fixture
def later_request(fake_site: FakeSite, monkeypatch: pytest.MonkeyPatch) -> MailRequest:
    """A request of a kind that returns Later until DUE."""

    def contents(key: str, stored: Any, context: Any, now: datetime, tables: Any) -> Content | NotSent | Later:
        if now < DUE:
            return Later(DUE)
        return THANKS.contents(key, stored, context, now, tables)

    monkeypatch.setitem(worker.KINDS, THANKS.name, replace(THANKS, contents=contents))
    return request_email(fake_site)


def test_the_sweep_queues_a_postponed_email_once_for_the_second_when_it_is_due(
    fake_site: FakeSite, later_request: MailRequest
) -> None:
    assert recipients_after_sending(fake_site, later_request) == []
    for _ in range(5):
        fake_site.invoke("check_mail", {"task": "sweep"})
        fake_site.clock.forward(SWEEP_INTERVAL)
    assert fake_site.other_queue.messages == [later_request.model_dump()]
    [delay] = fake_site.other_queue.delays
    assert 0 < delay <= LONGEST_DELAY
    assert NOW + 3 * SWEEP_INTERVAL + timedelta(seconds=delay) == DUE + timedelta(seconds=2), "clocks may differ by 2 s"
    assert recipients_after_sending(fake_site, later_request) == [ALICE.email]


def test_a_postponed_email_whose_message_was_lost_is_queued_again(
    fake_site: FakeSite, later_request: MailRequest
) -> None:
    assert recipients_after_sending(fake_site, later_request) == []
    for _ in range(4 * 8):
        fake_site.invoke("check_mail", {"task": "sweep"})
        fake_site.clock.forward(SWEEP_INTERVAL)
    assert len(fake_site.other_queue.messages) == 2, "after six hours"


def test_a_postponed_email_is_queued_in_time_although_the_next_walk_is_later(
    fake_site: FakeSite, later_request: MailRequest
) -> None:
    """After a walk without postponed emails, the next walk is an hour later. A postponed email brings it forward."""
    fake_site.invoke("check_mail", {"task": "sweep"})
    assert recipients_after_sending(fake_site, later_request) == []
    fake_site.clock.forward(3 * SWEEP_INTERVAL)
    fake_site.invoke("check_mail", {"task": "sweep"})
    assert fake_site.other_queue.messages == [later_request.model_dump()]
