"""Round up the response time to whole steps, so that it does not show whether an address has signed before."""

from math import ceil
from random import uniform
from time import monotonic, sleep

# In seconds. Two writes usually take less than one STEP.
STEP = 0.025
# The longest wait. It shortens a wait only if the table is slow: if a write takes longer than two steps.
LONGEST_WAIT = 2.5 * STEP
# Each wait is longer by a random part of this, to hide the differences of microseconds that remain.
MAX_RANDOM_WAIT = 0.001


def wait_for_step(started: float, *, is_new: bool) -> None:
    """Wait until the next whole STEP since `started` (a time of `monotonic`), but not longer than LONGEST_WAIT.

    Then wait for a random time of less than a millisecond, which hides smaller differences. The first write tries to
    store the signature, with its email request. If the address is known, this fails, and a second write requests the
    email. To hide the difference, a new address gets the step that two writes would get.
    """
    took = monotonic() - started
    time_of_two_writes = 2 * took if is_new else took
    next_step = ceil(time_of_two_writes / STEP) * STEP
    wait = min(next_step - took, LONGEST_WAIT)
    sleep(wait + uniform(0, MAX_RANDOM_WAIT))
