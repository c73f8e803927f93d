"""Stay below SES's rate without a shared counter, which every email would have to change.

An event source runs a fixed number of senders at most (MailSenders). Each sender keeps its own share of the rate.
"""

from collections.abc import Callable
from datetime import timedelta
from math import ceil

from chalicelib.aws.email import Mail
from chalicelib.core.errors import RateExceeded
from chalicelib.mail.model import Priority

# Shares of the rate; their sum is 1. While other email is off, confirmations may use the whole rate (whole_rate.py).
SHARES = {Priority.URGENT: 0.8, Priority.OTHER: 0.2}
# The limits of an event source's MaximumConcurrency on AWS.
LEAST_SENDERS, MOST_SENDERS = 2, 1000
# Emails that one sender sends in a second. An email takes about 0.155 s (claim, send, mark: benchmarks/model), so this
# leaves time for slow calls and between invocations: `make bench`, `sender_300`. It is a whole number. So no second has
# more emails than the rate, whenever in the second each sender begins.
EMAILS_PER_SENDER = 4
# The longest time in seconds between two emails of a sender: for other email, at a rate of one email a second.
LONGEST_GAP = LEAST_SENDERS / min(SHARES.values())
# Waits in seconds after "maximum sending rate exceeded": another system uses this account, or SES counts differently.
RATE_WAITS = (1.0, 2.0)

Deliver = Callable[[Mail], str]


def senders_for(per_second: float) -> int:
    """Return how many senders are needed for the whole rate. Both event sources use this number."""
    needed = ceil(round(per_second / EMAILS_PER_SENDER, 6))
    return min(max(LEAST_SENDERS, needed), MOST_SENDERS)


class Pace:
    """Space out emails. One instance a process, kept between invocations. `clock` is monotonic, in seconds."""

    def __init__(self, per_second: float, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self.per_second = per_second
        self.clock = clock
        self._sleep = sleep
        self._next_at = clock()

    def wait(self) -> None:
        """Sleep until the next email may be sent."""
        now = self.clock()
        if now < self._next_at:
            self._sleep(self._next_at - now)
        self._next_at = max(now, self._next_at) + 1 / self.per_second

    def delay_next(self, seconds: float) -> None:
        self._next_at = max(self._next_at, self.clock() + seconds)


def longest_delivery(gap: float, call: float) -> float:
    """Return the seconds that `limit_to_pace` takes at most with these times for a gap and for one call to SES."""
    return gap + call + sum(call + max(wait, gap - call) for wait in RATE_WAITS)


def limit_to_pace(deliver: Deliver, pace: Pace) -> Callable[[Mail], timedelta]:
    """Return a function that delivers at this pace, and returns how long that took by the pace's clock.

    The function tries three times if SES's rate is exceeded. Then it raises RateExceeded.
    """

    def deliver_at_pace(mail: Mail) -> timedelta:
        """Wait for a turn and deliver. If SES says that the rate is exceeded, pause and try again."""
        began = pace.clock()
        for seconds in (*RATE_WAITS, None):
            pace.wait()
            try:
                deliver(mail)
                break
            except RateExceeded:
                if seconds is None:
                    raise
                pace.delay_next(seconds)
        return timedelta(seconds=pace.clock() - began)

    return deliver_at_pace
