"""SES's limits of an account, a rate and a daily quota, because the emulator has neither."""

import time
from collections import Counter, deque
from collections.abc import Callable
from threading import Lock

from stack.judge.answers import Refused

# SES v2 API reference (SendEmail, Errors), with SES's own texts.
TOO_FAST, DAY_SPENT = "TooManyRequestsException", "LimitExceededException"


class MailLimits:
    """`rate`: emails in a second. `quota`: emails that may still be sent today; None: no limit. Threads may share it.

    `sent`: how many emails were let through. `refused`: how many were refused, by the error's code.
    """

    def __init__(self, rate: float, quota: int | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate, self.quota = rate, quota
        self.sent = 0
        self.refused: Counter[str] = Counter()
        self._clock, self._lock = clock, Lock()
        self._sent_in_last_second: deque[float] = deque()

    def check(self) -> None:
        """Count an email that is sent now. Raise Refused if SES refuses it."""
        with self._lock:
            now = self._clock()
            while self._sent_in_last_second and self._sent_in_last_second[0] <= now - 1:
                self._sent_in_last_second.popleft()
            if self.quota is not None and self.quota <= 0:
                raise self._refusal(DAY_SPENT, "Daily message quota exceeded.", 400)
            if len(self._sent_in_last_second) >= self.rate:
                raise self._refusal(TOO_FAST, "Maximum sending rate exceeded.", 429)
            self._sent_in_last_second.append(now)
            self.sent += 1
            if self.quota is not None:
                self.quota -= 1

    def _refusal(self, code: str, message: str, status: int) -> Refused:
        self.refused[code] += 1
        return Refused(code, message, status)
