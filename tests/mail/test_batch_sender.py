"""One invocation ends in time, and stops sending when SES stops the whole account."""

from collections.abc import Sequence

import pytest

from chalicelib.aws.email import Mail
from chalicelib.aws.table import Change
from chalicelib.core import keys
from chalicelib.core.errors import NotYet, SendingStopped, Throttled, Unavailable
from chalicelib.mail.batch_sender import BUDGET_SECONDS, PAUSED_WAIT_SECONDS, BatchSender
from chalicelib.mail.model import MailRequest
from chalicelib.mail.send import SendResult
from chalicelib.mail.sending import PAUSE, is_paused, pause_after_refusal
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS
from chalicelib.petitions.model import Petition
from tests.actors import ALICE, BOB, CHARLIE, NOW, a_mail_context, identity_of, item_of, request_of, signed
from tests.fakes import FakeTables


class BatchSenders:
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
def senders(tables: FakeTables) -> BatchSenders:
    return BatchSenders(tables)


@pytest.fixture
def requests(tables: FakeTables, petition: Petition) -> Sequence[MailRequest]:
    return [request_of(tables, petition, signed(tables, petition, person)) for person in (ALICE, BOB, CHARLIE)]


def test_a_used_up_quota_stops_the_batch_and_later_invocations(
    senders: BatchSenders, requests: Sequence[MailRequest]
) -> None:
    senders.refusals = [SendingStopped("mail")]
    first = senders.batch_sender()
    with pytest.raises(Throttled):
        first.send(requests[0], NOW)
    for batch_sender, request in ((first, requests[1]), (senders.batch_sender(), requests[2])):
        with pytest.raises(NotYet):
            batch_sender.send(request, NOW)
    assert len(senders.attempts) == 1


def test_sending_resumes_after_the_pause_without_waiting_for_a_claim(
    senders: BatchSenders, requests: Sequence[MailRequest], petition: Petition
) -> None:
    senders.refusals = [SendingStopped("mail")]
    with pytest.raises(Throttled):
        senders.batch_sender().send(requests[0], NOW)
    assert "mail_claimed_until" not in item_of(senders.tables, petition, identity_of(petition))
    later = senders.batch_sender()
    assert [later.send(request, NOW + PAUSE) for request in requests] == [SendResult.SENT] * 3
    assert len(senders.attempts) == 4


def test_during_a_pause_an_invocation_waits_once_before_it_fails_its_messages(
    senders: BatchSenders, requests: Sequence[MailRequest]
) -> None:
    pause_after_refusal(NOW, senders.tables)
    senders.tables.calls.clear()
    batch_sender = senders.batch_sender()
    for request in requests:
        with pytest.raises(NotYet) as caught:
            batch_sender.send(request, NOW)
        assert caught.value.is_untried, "so it comes again soon, also after the pause"
    assert senders.slept == [PAUSED_WAIT_SECONDS]
    assert senders.tables.calls == ["get"], "the pause is read once"


def test_one_throttled_email_does_not_pause_sending(senders: BatchSenders, requests: Sequence[MailRequest]) -> None:
    senders.refusals = [Throttled("mail")]
    batch_sender = senders.batch_sender()
    with pytest.raises(Throttled):
        batch_sender.send(requests[0], NOW)
    assert batch_sender.send(requests[1], NOW) is SendResult.SENT
    assert not is_paused(NOW, senders.tables)


def test_a_pause_that_was_not_stored_is_stored_after_the_next_refusal(
    senders: BatchSenders, requests: Sequence[MailRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    senders.refusals = [SendingStopped("mail")] * 2
    try_update, failures = FakeTables.try_update, [Unavailable("storage")]

    def fail_once(self: FakeTables, change: Change) -> bool:
        if failures and change.key == keys.mail_sending():
            raise failures.pop()
        return try_update(self, change)

    monkeypatch.setattr(FakeTables, "try_update", fail_once)
    with pytest.raises(Unavailable):
        senders.batch_sender().send(requests[0], NOW)
    assert not is_paused(NOW, senders.tables)
    with pytest.raises(Throttled):
        senders.batch_sender().send(requests[0], NOW)
    assert is_paused(NOW, senders.tables)


def test_no_email_is_started_after_the_time_budget(senders: BatchSenders, requests: Sequence[MailRequest]) -> None:
    batch_sender = senders.batch_sender()
    senders.now = BUDGET_SECONDS
    assert batch_sender.send(requests[0], NOW) is SendResult.SENT
    senders.now = BUDGET_SECONDS + 0.1
    with pytest.raises(NotYet):
        batch_sender.send(requests[1], NOW)
    assert len(senders.attempts) == 1
