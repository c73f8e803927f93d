"""How long people wait for an answer in the model. They are not served in the order in which they arrived."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from math import exp, log

from benchmarks.model.retries import MEAN_PAUSE, Retries, nobody
from benchmarks.model.world import LITTLE, Amounts

# One person in a hundred may wait longer. In the model, the wait of the very last person depends on chance alone.
MAY_WAIT_LONGER = 0.01
# For this many seconds, follow each pause. Later, all pauses are long, and their mean is enough.
FOLLOWED = 120


def longest_wait(history: Sequence[tuple[float, Amounts]]) -> float:
    """Return the seconds after which 99 of 100 people have an answer, for the people who arrive at the worst moment.

    If they have none at the end of the run, return the time until then. `history`: the end of each step, and the
    amounts then. A step takes a second while people wait. All requests of a step have the same chance of an answer.
    """
    amounts_at_ends = [amounts for _, amounts in history]
    steps = list(pairwise([Amounts(), *amounts_at_ends]))
    chances = [_chance(before, after) for before, after in steps]
    refusing_steps = []
    for step, (before, after) in enumerate(steps):
        has_arrivals = after.arrived - before.arrived > LITTLE
        share_refused = 1 - chances[step]
        if has_arrivals and share_refused > MAY_WAIT_LONGER:
            refusing_steps.append(step)
    # We assume that people who have waited for long try again at random, on average once in MEAN_PAUSE seconds.
    chance_to_try = 1 - exp(-1 / MEAN_PAUSE)
    # Of people who try again in this way from step 0 on, a share of exp(-exponents[i]) has no answer before step i.
    exponents = [0.0]
    for chance in chances:
        exponents.append(exponents[-1] - log(1 - chance * chance_to_try))
    waits = [_wait(arrival, chances, exponents) for arrival in refusing_steps]
    return max(waits, default=0.0)


def _chance(before: Amounts, after: Amounts) -> float:
    """Return the chance of an answer for a request of this step."""
    posted = after.posted - before.posted
    accepted = after.accepted - before.accepted
    return min(1.0, accepted / posted) if posted > LITTLE else 1.0


def _wait(arrival: int, chances: Sequence[float], exponents: Sequence[float]) -> float:
    """Return the wait of those who arrive in the step `arrival`.

    `exponents`: of people who have waited for long, a share of exp(-exponents[i]) has no answer before step i.
    """
    left = 1 - chances[arrival]
    retries = Retries()
    retries.add(arrival, left, nobody())
    end = min(arrival + FOLLOWED, len(chances))
    for step in range(arrival + 1, end):
        due = retries.take(step)
        left -= sum(due) * chances[step]
        if left <= MAY_WAIT_LONGER:
            return step - arrival
        refused_again = [number * (1 - chances[step]) for number in due]
        retries.add(step, 0.0, refused_again)
    # From step `end` to a later step i, the share without an answer shrinks from `left` to
    # left * exp(exponents[end] - exponents[i]). Find the first step at which it is at most MAY_WAIT_LONGER.
    needed_exponent = exponents[end] + log(left / MAY_WAIT_LONGER)
    answered_step = bisect_left(exponents, needed_exponent)
    return min(answered_step, len(chances)) - arrival
