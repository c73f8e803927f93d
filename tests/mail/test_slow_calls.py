"""Each call takes as long as its timeouts allow, SES refuses twice, and the signature changes meanwhile."""

import pytest

from chalicelib.aws.clients import CONFIG, MAIL_CONFIG, longest_call
from chalicelib.aws.email import Mail
from chalicelib.core import keys
from chalicelib.core.errors import NotYet, RateExceeded
from chalicelib.mail.batch_sender import BUDGET_SECONDS, LAST_EMAIL_SECONDS, BatchSender
from chalicelib.mail.kind import MailContext
from chalicelib.mail.rate_limit import LONGEST_GAP, RATE_WAITS, RateLimiter, limit_rate
from chalicelib.mail.send import SendResult
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS
from chalicelib.petitions.find import forget_petitions
from tests.actors import (
    LIMIT_KEYS,
    NOW,
    SITE,
    TOKEN_KEYS,
    a_published_petition,
    identity_of,
    item_of,
    request_of,
    signed,
)
from tests.fakes import FakeTables

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


def test_an_email_whose_preparation_took_too_long_is_left_for_the_next_invocation(
    invocations: list[tuple[Invocation, SendResult | None]],
) -> None:
    late = [invocation for invocation, result in invocations if result is None]
    assert late
    for invocation in late:
        assert not invocation.attempts
        item = item_of(invocation.tables, invocation.petition, identity_of(invocation.petition))
        assert "mail_requested_at" in item
        assert "mail_claimed_until" not in item
