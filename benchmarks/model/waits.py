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
    whether a person tries for the first time or again. So of the people without an answer, each step leaves the same
    share, whenever they arrived. `exponents` are the sums of this share's negative logarithms.
    """
    times, exponents, refused = [0.0], [0.0], list[float]()
    for (began, before), (ended, after) in pairwise([(0.0, Amounts()), *history]):
        posted = after.posted - before.posted
        chance = min(1.0, (after.accepted - before.accepted) / posted) if posted > LITTLE else 1.0
        arrived = after.arrived - before.arrived
        refused.append(1 - chance if arrived > LITTLE else 0.0)
        times.append(ended)
        exponents.append(exponents[-1] - log(1 - chance * share_returning(ended - began, RETRY_AFTER)))
    return max((_wait(index, share, times, exponents) for index, share in enumerate(refused, 1)), default=0.0)


def _wait(arrival: int, refused: float, times: Sequence[float], exponents: Sequence[float]) -> float:
    """Return the wait of those who arrive in the step that ends at `times[arrival]`, when it leaves a share refused."""
    if refused <= LEFT_OUT:
        return 0.0
    answered = bisect_left(exponents, exponents[arrival] + log(refused / LEFT_OUT))
    return times[min(answered, len(times) - 1)] - times[arrival]
