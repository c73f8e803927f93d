"""One invocation ends in time, and sends nothing during a pause."""

import pytest

from chalicelib.aws.clients import CONFIG, MAIL_CONFIG, longest_call
from chalicelib.aws.email import Mail
from chalicelib.core import keys
from chalicelib.core.caching import forget_all
from chalicelib.core.errors import NotYet, RateExceeded
from chalicelib.mail.kind import MailContext
from chalicelib.mail.rate_limit import LONGEST_GAP, RATE_WAITS, RateLimiter, limit_rate
from chalicelib.mail.send import SendResult
from chalicelib.mail.sending import (
    BUDGET_SECONDS,
    LAST_EMAIL_SECONDS,
    PAUSED_WAIT_SECONDS,
    BatchSender,
    pause_after_refusal,
)
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS
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


def test_during_a_pause_an_invocation_waits_once_before_it_fails_its_messages(
    tables: FakeTables, petition: Petition
) -> None:
    requests = [request_of(tables, petition, signed(tables, petition, person)) for person in (ALICE, BOB, CHARLIE)]
    slept: list[float] = []
    batch_sender = BatchSender(SIGNATURE_KINDS, a_mail_context(), tables, lambda: 0.0, slept.append)
    pause_after_refusal(NOW, tables)
    tables.calls.clear()
    for request in requests:
        with pytest.raises(NotYet) as caught:
            batch_sender.send(request, NOW)
        assert caught.value.is_untried, "so it comes again soon, also after the pause"
    assert slept == [PAUSED_WAIT_SECONDS]
    assert tables.calls == ["get"], "the pause is read once"


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
        forget_all()
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


def test_every_email_that_ses_may_have_accepted_is_marked_within_the_longest_time() -> None:
    invocations = [Invocation(half / 2) for half in range(int(BUDGET_SECONDS) * 2 + 1)]
    ends = [invocation.tables.now for invocation in invocations if invocation.run() is SendResult.SENT]
    assert BUDGET_SECONDS + LAST_EMAIL_SECONDS - 1 <= max(ends) <= BUDGET_SECONDS + LAST_EMAIL_SECONDS
