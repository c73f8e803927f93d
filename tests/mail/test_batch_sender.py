"""One invocation ends in time, and stops sending when SES stops the whole account."""

from collections.abc import Sequence

import pytest

from chalicelib.aws.email import Mail
from chalicelib.core import keys
from chalicelib.core.errors import NotYet, SendingStopped, Throttled, Unavailable
from chalicelib.mail.batch_sender import BUDGET_SECONDS, PAUSED_WAIT_SECONDS, BatchSender
from chalicelib.mail.model import MailRequest
from chalicelib.mail.pause import PAUSE, is_paused, pause_mail
from chalicelib.mail.send import SendResult
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS
from chalicelib.petitions.model import Petition
from tests.actors import ALICE, BOB, CHARLIE, NOW, a_mail_context, identity_of, item_of, request_of, signed
from tests.fakes import FakeTables


class Sending:
    """Batch senders that share a clock. `attempts` are the emails passed to SES, `refusals` SES's next errors."""

    def __init__(self, tables: FakeTables) -> None:
        self.tables = tables
        self.now = 0.0
        self.slept: list[float] = []
        self.attempts: list[Mail] = []
        self.refusals: list[Exception] = []

    def deliver(self, mail: Mail) -> None:
        self.attempts.append(mail)
        if self.refusals:
            raise self.refusals.pop(0)

    def batch_sender(self) -> BatchSender:
        return BatchSender(
            SIGNATURE_KINDS, a_mail_context(self.deliver), self.tables, lambda: self.now, self.slept.append
        )


@pytest.fixture
def sending(tables: FakeTables) -> Sending:
    return Sending(tables)


@pytest.fixture
def requests(tables: FakeTables, petition: Petition) -> Sequence[MailRequest]:
    return [request_of(tables, petition, signed(tables, petition, who)) for who in (ALICE, BOB, CHARLIE)]


def test_a_used_up_quota_stops_the_batch_and_later_invocations(
    sending: Sending, requests: Sequence[MailRequest]
) -> None:
    sending.refusals = [SendingStopped("mail")]
    first = sending.batch_sender()
    with pytest.raises(Throttled):
        first.send(requests[0], NOW)
    for batch_sender, request in ((first, requests[1]), (sending.batch_sender(), requests[2])):
        with pytest.raises(NotYet):
            batch_sender.send(request, NOW)
    assert len(sending.attempts) == 1


def test_sending_resumes_after_the_pause_without_waiting_for_a_claim(
    sending: Sending, requests: Sequence[MailRequest], petition: Petition
) -> None:
    sending.refusals = [SendingStopped("mail")]
    with pytest.raises(Throttled):
        sending.batch_sender().send(requests[0], NOW)
    assert "mail_claimed_until" not in item_of(sending.tables, petition, identity_of(petition))
    later = sending.batch_sender()
    assert [later.send(request, NOW + PAUSE) for request in requests] == [SendResult.SENT] * 3
    assert len(sending.attempts) == 4


def test_during_a_pause_an_invocation_waits_once_before_it_fails_its_messages(
    sending: Sending, requests: Sequence[MailRequest]
) -> None:
    pause_mail(NOW, sending.tables)
    sending.tables.calls.clear()
    batch_sender = sending.batch_sender()
    for request in requests:
        with pytest.raises(NotYet):
            batch_sender.send(request, NOW)
    assert sending.slept == [PAUSED_WAIT_SECONDS]
    assert sending.tables.calls == ["get"], "it reads the pause once"


def test_one_throttled_email_does_not_pause_sending(sending: Sending, requests: Sequence[MailRequest]) -> None:
    sending.refusals = [Throttled("mail")]
    batch_sender = sending.batch_sender()
    with pytest.raises(Throttled):
        batch_sender.send(requests[0], NOW)
    assert batch_sender.send(requests[1], NOW) is SendResult.SENT
    assert not is_paused(NOW, sending.tables)


def test_a_pause_that_was_not_stored_is_stored_after_the_next_refusal(
    sending: Sending, requests: Sequence[MailRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    sending.refusals = [SendingStopped("mail")] * 2
    put, broken = FakeTables.put, [True]

    def fails_once(self: FakeTables, key: keys.Key, item: dict[str, str]) -> None:
        if broken:
            broken.pop()
            raise Unavailable("storage")
        put(self, key, item)

    monkeypatch.setattr(FakeTables, "put", fails_once)
    with pytest.raises(Unavailable):
        sending.batch_sender().send(requests[0], NOW)
    assert not is_paused(NOW, sending.tables)
    with pytest.raises(Throttled):
        sending.batch_sender().send(requests[0], NOW)
    assert is_paused(NOW, sending.tables)


def test_no_email_is_started_after_the_time_budget(sending: Sending, requests: Sequence[MailRequest]) -> None:
    batch_sender = sending.batch_sender()
    sending.now = BUDGET_SECONDS
    assert batch_sender.send(requests[0], NOW) is SendResult.SENT
    sending.now = BUDGET_SECONDS + 0.1
    with pytest.raises(NotYet):
        batch_sender.send(requests[1], NOW)
    assert len(sending.attempts) == 1
