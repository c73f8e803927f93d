"""One invocation of the sender, the Lambda function that sends requested emails."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.aws import email, table
from chalicelib.aws.email import Mail
from chalicelib.aws.table import Tables
from chalicelib.core.errors import NotYet, SendingStopped
from chalicelib.mail.kind import Kinds, MailContext
from chalicelib.mail.model import MailRequest
from chalicelib.mail.rate_limit import LONGEST_GAP, longest_delivery
from chalicelib.mail.send import SendResult, send
from chalicelib.mail.sending import pause_after_refusal, sending

# Then start no further email, and pass no delayed email to SES.
BUDGET_SECONDS = 30.0
# An attempt fails if the signature changes meanwhile (signatures/mail_state.py). For a letter, more are possible
# (mail/counted.py). We assume that at most three of them are slow.
_MARK_ATTEMPTS = 3
# From the check in `_deliver_in_time` until the email is marked as sent. The Lambda function's timeout must leave this
# time after BUDGET_SECONDS: otherwise a confirmation would be sent twice, and an email with AfterCrash.UNKNOWN would
# count as unknown.
LAST_EMAIL_SECONDS = longest_delivery(LONGEST_GAP, email.LONGEST_CALL) + _MARK_ATTEMPTS * table.LONGEST_CALL
# For up to a minute after a pause begins, the event source is still enabled. Each invocation waits this long, so that
# Lambda does not receive all messages of the queue.
PAUSED_WAIT_SECONDS = 20.0


class BatchSender:
    def __init__(
        self,
        kinds: Kinds,
        context: MailContext,
        tables: Tables,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        use_share: Callable[[float], None] | None = None,
    ) -> None:
        """`clock` is monotonic, in seconds. `use_share` gets confirmations' share of the rate; None for other email."""
        self._kinds = kinds
        self._deliver = context.deliver
        self._context = replace(context, deliver=self._deliver_in_time)
        self._tables = tables
        self._clock = clock
        self._sleep = sleep
        self._use_share = use_share
        self._deadline = clock() + BUDGET_SECONDS
        self._is_paused: bool | None = None  # None: not read yet.

    def send(self, request: MailRequest, now: datetime) -> SendResult:
        """Raise NotYet when the time is up or sending is paused. If SES refuses all email, pause: SendingStopped."""
        if self._must_stop(now):
            raise NotYet(is_untried=True)
        try:
            return send(request, self._kinds, self._context, now, self._tables)
        except SendingStopped:
            self._is_paused = True
            pause_after_refusal(now, self._tables)
            raise

    def _deliver_in_time(self, mail: Mail) -> timedelta:
        """Return how long this took. Raise NotYet if the time is up: the calls before this one may have been slow."""
        if self._clock() > self._deadline:
            raise NotYet(is_untried=True)
        return self._deliver(mail)

    def _must_stop(self, now: datetime) -> bool:
        """The first call reads what senders may do. If sending is paused, this call waits."""
        if self._is_paused is None:
            state = sending(now, self._tables)
            self._is_paused = state.pause is not None
            if self._is_paused:
                self._sleep(PAUSED_WAIT_SECONDS)
            elif self._use_share:
                self._use_share(state.share_of_confirmations)
        return self._is_paused or self._clock() > self._deadline
