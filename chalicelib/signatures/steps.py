"""Answers come at whole steps of time, so that their time does not show whether an address is known."""

from math import ceil
from random import uniform
from time import monotonic, sleep

# In seconds. Two writes usually take less than a STEP. Nobody waits longer than LONGEST_WAIT for a slow table: it is
# enough while a write takes at most two steps.
STEP = 0.025
LONGEST_WAIT = 2.5 * STEP
BLUR = 0.001


def wait_for_step(started: float, *, is_new: bool) -> None:
    """Wait for the next whole STEP since `started`, by `monotonic`.

    A known address needs a second write, for its email. So the time of the only write of a new one counts twice. The
    microseconds that still differ are lost in a random millisecond.
    """
    took = monotonic() - started
    as_known = 2 * took if is_new else took
    sleep(min(ceil(as_known / STEP) * STEP - took, LONGEST_WAIT) + uniform(0, BLUR))
