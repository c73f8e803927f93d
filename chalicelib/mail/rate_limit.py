"""Stay below SES's sending rate without a shared counter: every email would have to change such a counter.

The event source of each mail queue runs at most MailSenders senders. Each keeps to an equal part of the queue's share.
"""

from collections.abc import Callable
from datetime import timedelta
from math import ceil

from chalicelib.aws.email import Mail
from chalicelib.core.errors import RateExceeded
from chalicelib.mail.model import Priority

# Their sum is 1. While other email is off, confirmations may use the whole rate (sending.py).
SHARES = {Priority.URGENT: 0.8, Priority.OTHER: 0.2}
# The limits of an event source's MaximumConcurrency on AWS.
MIN_SENDERS, MAX_SENDERS = 2, 1000
# In a second. To claim, check, send and mark an email takes about 0.17 s (benchmarks/model). The rest is for slow calls
# and for the time between invocations (docs/decisions/013). The number is whole: if the rate is a multiple of it,
# senders that use the whole rate never exceed the rate in any second.
EMAILS_PER_SENDER = 4
# In seconds, between two emails of a sender: for other email, at a rate of one email a second.
LONGEST_GAP = MIN_SENDERS / min(SHARES.values())
# Seconds before the second and the third attempt, if SES says "maximum sending rate exceeded": perhaps another system
# uses this account too, or SES counts differently.
RATE_WAITS = (1.0, 2.0)

Deliver = Callable[[Mail], str]


def senders_for(per_second: float) -> int:
    """Each of the two event sources may run this many."""
    # Round first: otherwise a quotient such as 3.0000000001 would need a fourth sender.
    needed = ceil(round(per_second / EMAILS_PER_SENDER, 6))
    return min(max(MIN_SENDERS, needed), MAX_SENDERS)


class RateLimiter:
    """Space out the emails of one sender. A process keeps its instance. `clock` is monotonic, in seconds."""

    def __init__(self, per_second: float, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self.per_second = per_second
        self.clock = clock
        self._sleep = sleep
        self._next_at = clock()

    def wait(self) -> None:
        now = self.clock()
        if now < self._next_at:
            self._sleep(self._next_at - now)
        self._next_at = max(now, self._next_at) + 1 / self.per_second

    def delay_next(self, seconds: float) -> None:
        self._next_at = max(self._next_at, self.clock() + seconds)


def longest_delivery(gap: float, call: float) -> float:
    """In seconds. `gap`: the longest time between two emails of a sender. `call`: of one call to SES."""
    # From the beginning of a failed call to the next call: the failed call and its time in RATE_WAITS, but at least
    # `gap`.
    times_between_calls = [max(call + wait, gap) for wait in RATE_WAITS]
    return gap + sum(times_between_calls) + call  # `gap`: before the first call. `call`: the last call.


def limit_rate(deliver: Deliver, limiter: RateLimiter) -> Callable[[Mail], timedelta]:
    """Return a function that delivers an email within the rate, and returns how long it took by the limiter's clock.

    The function tries three times if SES's rate is exceeded. Then it raises RateExceeded.
    """

    def deliver_within_rate(mail: Mail) -> timedelta:
        """Wait until the next email may be sent, and send it. If SES's rate is exceeded, wait and try again."""
        began = limiter.clock()
        for next_wait in (*RATE_WAITS, None):  # None: the last attempt.
            limiter.wait()
            try:
                deliver(mail)
                break
            except RateExceeded:
                if next_wait is None:
                    raise
                limiter.delay_next(next_wait)
        return timedelta(seconds=limiter.clock() - began)

    return deliver_within_rate
