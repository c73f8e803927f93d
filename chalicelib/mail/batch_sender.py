"""One invocation of the sender: send emails until the time is up or SES refuses more."""

from collections.abc import Callable
from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.core.errors import NotYet, SendingStopped
from chalicelib.mail.kind import Kinds, MailContext
from chalicelib.mail.model import MailRequest
from chalicelib.mail.pause import is_paused, pause_mail
from chalicelib.mail.send import Sent, send

# After this time, start no further email. A confirmation may need 11 s for SES and 6 s for each of three calls to the
# table. The function times out at 60 s. A timeout would leave a claim, and perhaps send an email twice. A kind that
# makes more calls needs a function with a longer timeout, and a longer CLAIM (send.py).
BUDGET_SECONDS = 30.0
# The wait when sending is paused but the event source is still enabled (up to a minute). Without it, Lambda would
# receive the whole queue in that minute.
HOLD_SECONDS = 20.0


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
        self._context = context
        self._tables = tables
        self._clock = clock
        self._sleep = sleep
        self._deadline = clock() + BUDGET_SECONDS
        self._is_stopped: bool | None = None

    def send(self, request: MailRequest, now: datetime) -> Sent:
        """Send as `send` does. Raise NotYet when the time is up or sending is paused."""
        if self._is_over(now):
            raise NotYet
        try:
            return send(request, self._kinds, self._context, now, self._tables)
        except SendingStopped:
            self._is_stopped = True
            pause_mail(now, self._tables)
            raise

    def _is_over(self, now: datetime) -> bool:
        if self._is_stopped is None:
            self._is_stopped = is_paused(now, self._tables)
            if self._is_stopped:
                self._sleep(HOLD_SECONDS)
        return self._is_stopped or self._clock() > self._deadline
