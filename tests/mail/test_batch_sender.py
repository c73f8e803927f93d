"""One invocation ends in time, and stops sending when SES stops the whole account."""

from collections.abc import Sequence

import pytest

from chalicelib.aws.clients import CONFIG, MAIL_CONFIG, longest_call
from chalicelib.aws.email import Mail
from chalicelib.aws.table import Change
from chalicelib.core import keys
from chalicelib.core.errors import NotYet, RateExceeded, SendingStopped, Throttled, Unavailable
from chalicelib.core.keys import mail_sending
from chalicelib.mail.kind import MailContext
from chalicelib.mail.model import MailRequest
from chalicelib.mail.rate_limit import LONGEST_GAP, RATE_WAITS, RateLimiter, limit_rate
from chalicelib.mail.send import SendResult
from chalicelib.mail.sending import (
    BUDGET_SECONDS,
    LAST_EMAIL_SECONDS,
    PAUSED_WAIT_SECONDS,
    BatchSender,
    is_paused,
    pause_after_refusal,
)
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS
from chalicelib.petitions.find import forget_petitions
from chalicelib.petitions.model import Petition
from tests.actors import (
    ALICE,
    BOB,
    CHARLIE,
    LIMIT_KEYS,
    NOW,
    SITE,
    TOKEN_KEYS,
    a_mail_context,
    a_published_petition,
    request_of,
    signed,
)
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


def test_a_pause_that_was_not_stored_is_stored_after_the_next_refusal(
    senders: BatchSenders, requests: Sequence[MailRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    senders.refusals = [SendingStopped("mail")] * 2
    try_update, failures = FakeTables.try_update, [Unavailable("storage")]

    def fail_once(self: FakeTables, change: Change) -> bool:
        if failures and change.key == mail_sending():
            raise failures.pop()
        return try_update(self, change)

    monkeypatch.setattr(FakeTables, "try_update", fail_once)
    with pytest.raises(Unavailable):
        senders.batch_sender().send(requests[0], NOW)
    assert not is_paused(NOW, senders.tables)
    with pytest.raises(Throttled):
        senders.batch_sender().send(requests[0], NOW)
    assert is_paused(NOW, senders.tables)


START_TIMES = [half / 2 for half in range(int(BUDGET_SECONDS) * 2 + 1)]


class SlowTables(FakeTables):
    """Every call moves the clock by the longest time that a call may take, once `is_slow`."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.is_slow = 0.0, False

    def _called(self, name: str) -> None:
        self.now += longest_call(CONFIG) if self.is_slow else 0
        super()._called(name)


class Invocation:
    """An invocation in which every call is slow. It starts to send its only email at `at`, in seconds."""

    def __init__(self, at: float) -> None:
        self.tables = SlowTables()
        self.petition = a_published_petition(self.tables)
        identity = signed(self.tables, self.petition)
        self.key = keys.signature(self.petition.slug, identity)
        self.request = request_of(self.tables, self.petition, identity)
        self.refusals = len(RATE_WAITS)
        self.attempts: list[float] = []
        forget_petitions()
        self.sender = self._sender()
        self.tables.now, self.tables.is_slow = at, True

    def _sender(self) -> BatchSender:
        def sleep(seconds: float) -> None:
            self.tables.now += seconds

        limiter = RateLimiter(1 / LONGEST_GAP, lambda: self.tables.now, sleep)
        limiter.delay_next(BUDGET_SECONDS + LONGEST_GAP)
        context = MailContext(SITE, TOKEN_KEYS, LIMIT_KEYS, limit_rate(self._deliver, limiter))
        return BatchSender(SIGNATURE_KINDS, context, self.tables, lambda: self.tables.now, sleep)

    def _deliver(self, _: Mail) -> str:
        self.attempts.append(self.tables.now)
        self.tables.now += longest_call(MAIL_CONFIG)
        self.tables.items[self.key].pop("mail_requested_at", None)
        if self.refusals:
            self.refusals -= 1
            raise RateExceeded("mail")
        return "sent"

    def run(self) -> SendResult | None:
        try:
            return self.sender.send(self.request, NOW)
        except NotYet:
            return None


@pytest.fixture(scope="module")
def invocations() -> list[tuple[Invocation, SendResult | None]]:
    invocations = [Invocation(at) for at in START_TIMES]
    return [(invocation, invocation.run()) for invocation in invocations]


def test_every_email_that_ses_may_have_accepted_is_marked_within_the_longest_time(
    invocations: list[tuple[Invocation, SendResult | None]],
) -> None:
    ends = [invocation.tables.now for invocation, result in invocations if result is SendResult.SENT]
    assert BUDGET_SECONDS + LAST_EMAIL_SECONDS - 1 <= max(ends) <= BUDGET_SECONDS + LAST_EMAIL_SECONDS
