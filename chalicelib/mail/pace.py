"""Stay below SES's rate without a shared counter, which would be one hot item before every email.

An event source runs a fixed number of senders at most (MailSenders). Each sender keeps its own share of the rate.
"""

from collections.abc import Callable
from math import ceil

from chalicelib.aws.email import Mail
from chalicelib.core.errors import RateExceeded

# Of the rate; together 1. Both may run for the minute until the event sources are switched (watch.py).
CONFIRMATIONS, OTHERS = 0.8, 0.2
# What AWS takes as MaximumConcurrency of an event source.
LEAST_SENDERS, MOST_SENDERS = 2, 1000
# One email in one sender: claim, send, mark. Measured and modelled at 0.155 (benchmarks/model), with a margin.
MAIL_SECONDS = 0.2
# After "maximum sending rate exceeded": somebody else sends from this account too, or SES counts differently.
RATE_WAITS = (1.0, 2.0)

Deliver = Callable[[Mail], str]


def senders_for(per_second: float) -> int:
    """How many senders a source needs, so that each has the time that one email takes. Both sources get as many."""
    needed = ceil(round(per_second * CONFIRMATIONS * MAIL_SECONDS, 6))
    return min(max(LEAST_SENDERS, needed), MOST_SENDERS)


class Pace:
    """One a process, so that it holds from one invocation to the next. Seconds on a clock that never goes back."""

    def __init__(self, per_second: float, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._gap = 1 / per_second
        self._clock = clock
        self._sleep = sleep
        self._next = clock()

    def wait(self) -> None:
        """Until the next mail may go."""
        now = self._clock()
        if now < self._next:
            self._sleep(self._next - now)
        self._next = max(now, self._next) + self._gap

    def rest(self, seconds: float) -> None:
        self._next = max(self._next, self._clock() + seconds)


def paced(deliver: Deliver, pace: Pace) -> Deliver:
    """In step, and patient with SES's rate: tried three times before the message has to come again."""

    def deliver_in_step(mail: Mail) -> str:
        for seconds in RATE_WAITS:
            pace.wait()
            try:
                return deliver(mail)
            except RateExceeded:
                pace.rest(seconds)
        pace.wait()
        return deliver(mail)

    return deliver_in_step
