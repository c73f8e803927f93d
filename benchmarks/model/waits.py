"""How long people wait for an answer in the model, when they are not served in the order in which they arrived."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from math import log

from benchmarks.model.stations import RETRY_AFTER, share_returning
from benchmarks.model.world import LITTLE, Amounts

# One person in a hundred may wait longer. In the model, the wait of the very last person depends on chance alone.
LEFT_OUT = 0.01


def longest_wait(history: Sequence[tuple[float, Amounts]]) -> float:
    """Return the seconds after which 99 of 100 people have an answer, for the people who arrive at the worst moment.

    `history`: the end of each step, and the amounts then. All requests of a step have the same chance of an answer,
    whether a person tries for the first time or again. So each step leaves the same share of the waiting people without
    an answer, whenever they arrived.
    """
    # Of people who wait from the start, a share of exp(-exponents[i]) still has no answer at times[i].
    times, exponents, refused = [0.0], [0.0], list[float]()
    for (began, before), (ended, after) in pairwise([(0.0, Amounts()), *history]):
        posted = after.posted - before.posted
        chance = min(1.0, (after.accepted - before.accepted) / posted) if posted > LITTLE else 1.0
        arrived = after.arrived - before.arrived
        refused.append(1 - chance if arrived > LITTLE else 0.0)
        times.append(ended)
        left_without_answer = 1 - chance * share_returning(ended - began, RETRY_AFTER)
        exponents.append(exponents[-1] - log(left_without_answer))
    return max((_wait(index, share, times, exponents) for index, share in enumerate(refused, 1)), default=0.0)


def _wait(arrival: int, refused: float, times: Sequence[float], exponents: Sequence[float]) -> float:
    """Return the wait of those who arrive in the step that ends at `times[arrival]`. It refuses the share `refused`."""
    if refused <= LEFT_OUT:
        return 0.0
    # Find the first time at which the share without an answer has shrunk from `refused` to LEFT_OUT.
    exponent_then = exponents[arrival] + log(refused / LEFT_OUT)
    answered = bisect_left(exponents, exponent_then)
    return times[min(answered, len(times) - 1)] - times[arrival]
