"""One invocation of the sender: send emails until the time is up or SES refuses more."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.aws import email, table
from chalicelib.aws.email import Mail
from chalicelib.aws.table import Tables
from chalicelib.core.errors import NotYet, SendingStopped
from chalicelib.mail.kind import Kinds, MailContext
from chalicelib.mail.model import MailRequest
from chalicelib.mail.pace import LONGEST_GAP, longest_delivery
from chalicelib.mail.pause import is_paused, pause_mail
from chalicelib.mail.send import SendResult, send

# After this time, start no further email. If slow calls delay an email past this time, do not pass it to SES.
BUDGET_SECONDS = 30.0
# The most attempts to mark an email as sent, because its signature may change meanwhile (signatures/mail_state.py).
_MARK_ATTEMPTS = 3
# The longest time from the last email's turn to its mark. The function's timeout must leave this time. If Lambda ended
# the function in between, it would send a confirmation twice, and the outcome of an update would be unknown.
LAST_EMAIL_SECONDS = longest_delivery(LONGEST_GAP, email.LONGEST_CALL) + _MARK_ATTEMPTS * table.LONGEST_CALL
# Wait this long when sending is paused but the event source is still enabled (up to a minute). Otherwise Lambda would
# receive the whole queue in that minute.
PAUSED_WAIT_SECONDS = 20.0


class BatchSender:
    def __init__(
        self,
        kinds: Kinds,
        context: MailContext,
        tables: Tables,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        """`clock` is monotonic, in seconds; it measures the time budget."""
        self._kinds = kinds
        self._deliver = context.deliver
        self._context = replace(context, deliver=self._deliver_in_time)
        self._tables = tables
        self._clock = clock
        self._sleep = sleep
        self._deadline = clock() + BUDGET_SECONDS
        self._is_paused: bool | None = None  # None: not read yet.

    def send(self, request: MailRequest, now: datetime) -> SendResult:
        """Send one email (mail/send.py). Raise NotYet when the time is up or sending is paused."""
        if self._is_over(now):
            raise NotYet
        try:
            return send(request, self._kinds, self._context, now, self._tables)
        except SendingStopped:
            self._is_paused = True
            pause_mail(now, self._tables)
            raise

    def _deliver_in_time(self, mail: Mail) -> timedelta:
        if self._clock() > self._deadline:
            raise NotYet
        return self._deliver(mail)

    def _is_over(self, now: datetime) -> bool:
        """Return whether this invocation must send no more email. If sending is paused, wait first."""
        if self._is_paused is None:
            self._is_paused = is_paused(now, self._tables)
            if self._is_paused:
                self._sleep(PAUSED_WAIT_SECONDS)
        return self._is_paused or self._clock() > self._deadline
