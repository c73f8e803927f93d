"""Below SES's rate, whatever the fleet: each sender keeps its share, so none has to ask another.

No shared counter: it would be one hot item before every mail. A queue's source runs CONCURRENCY senders at most.
"""

from collections.abc import Callable

from chalicelib.aws.email import Mail
from chalicelib.core.errors import RateExceeded

# MaximumConcurrency of both event sources (resources.json): the least AWS takes.
CONCURRENCY = 2
# Of the rate; together 1. Both may run for the minute until the taps are turned (watch.py).
CONFIRMATIONS, OTHERS = 0.8, 0.2
# After "maximum sending rate exceeded": somebody else sends from this account too, or SES counts differently.
RATE_WAITS = (1.0, 2.0)

Deliver = Callable[[Mail], str]


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
