"""A third kind, with its state in the deliveries table, goes the whole way: one file and one folder of templates."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core.errors import (
    ConditionFailed,
    Denied,
    MailRefused,
    SendingStopped,
    Throttled,
    Unavailable,
    Unreached,
)
from chalicelib.delivery import worker
from chalicelib.mail.kind import Content, Later, NotSent
from chalicelib.mail.model import MailRequest
from chalicelib.mail.pause import PAUSE
from chalicelib.mail.send import CLAIM
from chalicelib.mail.signature_kinds import delivery_key
from chalicelib.mail.sweep import LOST_AFTER_IF_QUIET
from chalicelib.signatures.withdraw import withdraw
from tests.actors import ALICE, BOB, NOW, a_petition, identity_of, key_of, signed
from tests.mail.a_third_kind import ONCE, ONCE_STATE, STATE, THANKS
from tests.served import Served, schedule_event, stream_event


@pytest.fixture(autouse=True)
def _kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (THANKS, ONCE):
        monkeypatch.setitem(worker.KINDS, kind.name, kind)


def requested(served: Served, state: Any = STATE, who: Any = ALICE) -> MailRequest:
    key = delivery_key(a_petition().slug, signed(served.tables, a_petition(), who))
    request: MailRequest = state.request(key, NOW, served.tables)
    return request


def item_of(served: Served, request: MailRequest) -> dict[str, Any]:
    state = worker.KINDS[request.kind].state
    return served.tables.items[state.item_key(request.key)]


def sent_to(served: Served, request: MailRequest) -> list[str]:
    """Deliver the request's message, and return everybody who has got an email."""
    assert served.deliver("send_other_mail", [request.model_dump()]) == []
    return [mail.to for mail in served.mailer.mails]


def test_it_is_relayed_sent_marked_and_its_bounce_recorded(served: Served) -> None:
    request = requested(served)
    served.invoke("relay_mail", stream_event([("1", None, item_of(served, request))]))
    assert [served.queue.messages, served.other_queue.messages] == [[], [request.model_dump()]]
    assert sent_to(served, request) == sent_to(served, request) == [ALICE.email]
    assert served.mailer.mails[0].subject == f"Thank you for signing: {a_petition().title}"
    tags = {name: [value] for name, value in served.mailer.mails[0].tags.items()}
    event = {"eventType": "Bounce", "bounce": {"bounceType": "Permanent"}, "mail": {"tags": tags}}
    assert served.deliver("receive_feedback", [event, event]) == []
    item = item_of(served, request)
    assert (item["mails"], item["mailed_at"], item["undeliverable"]) == (1, "2026-11-24T12:00:00Z", "bounced")
    assert item.keys() == {"pk", "sk", "mails", "mailed_at", "undeliverable", "expires_at"}, "no personal data"
    assert item["expires_at"] == int((NOW + STATE.lifetime).timestamp())


def test_it_is_requested_once_for_each_key(served: Served) -> None:
    request = requested(served)
    for _ in range(2):
        with pytest.raises(ConditionFailed):
            STATE.request(request.key, NOW, served.tables)
        sent_to(served, request)
    assert len(served.mailer.mails) == 1


def test_a_signature_withdrawn_meanwhile_drops_the_request(served: Served) -> None:
    request = requested(served)
    withdraw(key_of(a_petition(), identity_of(a_petition())), a_petition(), NOW, served.tables)
    assert sent_to(served, request) == []
    assert "mail_kind" not in item_of(served, request)


def test_a_complaint_before_the_email_stops_it(served: Served) -> None:
    request = requested(served)
    STATE.mark_undeliverable(request.key, "complained", NOW, served.tables)
    assert sent_to(served, request) == []


def test_a_refused_email_is_recorded_and_not_retried(served: Served) -> None:
    request = requested(served)
    served.mailer.failures = [MailRefused("MessageRejected")]
    assert sent_to(served, request) == sent_to(served, request) == []
    assert item_of(served, request)["undeliverable"] == "refused"


@pytest.mark.parametrize("state", [STATE, ONCE_STATE])
def test_a_used_up_quota_pauses_it_and_it_is_sent_later(served: Served, state: Any) -> None:
    request = requested(served, state)
    served.mailer.failures = [SendingStopped("mail")]
    for _ in range(2):
        assert served.deliver("send_other_mail", [request.model_dump()]) == ["0"]
    served.invoke("watch_mail", schedule_event())
    assert not served.other_source.is_open
    served.clock.forward(PAUSE)
    assert sent_to(served, request) == [ALICE.email]


def test_the_sweep_queues_lost_requests_of_every_kind_and_each_is_sent_once(served: Served) -> None:
    lost = [requested(served, STATE, ALICE), requested(served, ONCE_STATE, BOB)]
    served.clock.forward(2 * LOST_AFTER_IF_QUIET)
    for _ in range(20):
        served.invoke("sweep_mail", schedule_event())
    assert {message["key"] for message in served.queue.messages} == {request.key for request in lost}
    queued = [MailRequest.model_validate(message) for message in served.other_queue.messages]
    assert sorted(queued, key=str) == sorted(lost, key=str)
    assert served.deliver("send_other_mail", [request.model_dump() for request in queued]) == []
    assert sorted(mail.to for mail in served.mailer.mails) == [ALICE.email, BOB.email]


@pytest.mark.parametrize(("state", "mails"), [(STATE, 2), (ONCE_STATE, 1)])
def test_after_an_unclear_answer_of_ses_it_is_sent_again_or_unknown(served: Served, state: Any, mails: int) -> None:
    request = requested(served, state)
    send, lost = served.mailer.send, [Unavailable("mail")]

    def sends_and_loses_the_answer(mail: Any) -> str:
        identity = send(mail)
        if lost:
            raise lost.pop()
        return identity

    served.mailer.send = sends_and_loses_the_answer  # type: ignore[method-assign]
    for _ in range(2):
        assert served.deliver("send_other_mail", [request.model_dump()]) == ["0"], "its claim has not expired"
    served.clock.forward(CLAIM)
    assert len(sent_to(served, request)) == len(sent_to(served, request)) == mails
    assert ("mail_unknown_at" in item_of(served, request)) is (mails == 1)


def test_an_unknown_email_is_never_queued_again(served: Served) -> None:
    request = requested(served, ONCE_STATE)
    ONCE_STATE.claim(request, NOW, CLAIM, served.tables)
    ONCE_STATE.begin(request, NOW, served.tables)
    served.clock.forward(2 * LOST_AFTER_IF_QUIET)
    for _ in range(40):
        served.invoke("sweep_mail", schedule_event())
        served.clock.forward(timedelta(hours=1))
        served.deliver("send_other_mail", served.other_queue.messages)
    assert served.mailer.mails == []
    assert len(served.other_queue.messages) == 1, "the first time, because nobody had marked it yet"


@pytest.mark.parametrize("error", [Throttled, Denied, Unreached])
def test_an_email_that_ses_did_not_take_is_not_unknown(served: Served, error: type[Unavailable]) -> None:
    request = requested(served, ONCE_STATE)
    served.mailer.failures = [error("mail")]
    assert served.deliver("send_other_mail", [request.model_dump()]) == ["0"]
    assert sent_to(served, request) == [ALICE.email]


def test_a_request_that_is_dropped_before_the_email_begins_sends_nothing(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = requested(served, ONCE_STATE)

    def drops(*arguments: Any) -> Content | NotSent | Later:
        ONCE_STATE.drop(request, NOW, served.tables)
        return ONCE.contents(*arguments)

    monkeypatch.setitem(worker.KINDS, ONCE.name, replace(ONCE, contents=drops))
    assert sent_to(served, request) == []


def test_a_crash_before_the_email_is_composed_sends_it_later(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    request = requested(served, ONCE_STATE)
    with monkeypatch.context() as patch:
        patch.setattr("tests.mail.a_third_kind.find_by_id", lambda *_: 1 / 0)
        assert served.deliver("send_other_mail", [request.model_dump()]) == ["0"]
    served.clock.forward(CLAIM)
    assert sent_to(served, request) == [ALICE.email]
