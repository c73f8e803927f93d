"""Answer at whole steps of time, so that the response time does not show whether an address is known."""

from math import ceil
from random import uniform
from time import monotonic, sleep

# In seconds. Two writes usually take less than a STEP. LONGEST_WAIT limits the wait if the table is slow. It is enough
# while a write takes at most two steps.
STEP = 0.025
LONGEST_WAIT = 2.5 * STEP
BLUR = 0.001


def wait_for_step(started: float, *, is_new: bool) -> None:
    """Wait for the next whole STEP since `started`, by `monotonic`.

    A known address needs a second write, for its email. A new address needs one write, so its time counts twice. The
    microseconds that still differ are lost in a random millisecond.
    """
    took = monotonic() - started
    time_of_two_writes = 2 * took if is_new else took
    next_step = ceil(time_of_two_writes / STEP) * STEP
    sleep(min(next_step - took, LONGEST_WAIT) + uniform(0, BLUR))
