"""One invocation of the sender: mail after mail, until the time is up or SES takes no more."""

from collections.abc import Callable
from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.core.errors import NotYet, SendingStopped
from chalicelib.mail.compose import MailContext
from chalicelib.mail.model import MailRequest
from chalicelib.mail.pause import is_paused, pause_mail
from chalicelib.mail.send import Sent, send

# Then no further mail is begun. The one under way may need 11 s for SES and 6 for each of three calls to the table
# before the function's own end at 60 s: killed, it would leave a claim, and perhaps a mail too many.
BUDGET_SECONDS = 30.0
# Paused, before the tap is shut: to answer at once would have the whole queue received in that minute.
HOLD_SECONDS = 20.0


class BatchSender:
    def __init__(
        self, context: MailContext, tables: Tables, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self._context = context
        self._tables = tables
        self._clock = clock
        self._sleep = sleep
        self._ends = clock() + BUDGET_SECONDS
        self._is_stopped: bool | None = None

    def send(self, request: MailRequest, now: datetime) -> Sent:
        """As `send` does; raise NotYet for what this batch_sender will not begin any more."""
        if self._is_over(now):
            raise NotYet
        try:
            return send(request, self._context, now, self._tables)
        except SendingStopped:
            self._is_stopped = True
            pause_mail(now, self._tables)
            raise

    def _is_over(self, now: datetime) -> bool:
        if self._is_stopped is None:
            self._is_stopped = is_paused(now, self._tables)
            if self._is_stopped:
                self._sleep(HOLD_SECONDS)
        return self._is_stopped or self._clock() > self._ends
