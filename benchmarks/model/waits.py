"""When people whose signature was refused try again, as our page does (retryWait in petition.js): the longest wait.

The page waits for the time in `Retry-After`, and for a random time on top, which is longer after each attempt.
"""

from collections import defaultdict
from collections.abc import Sequence
from math import exp

from chalicelib.edge.problems import RETRY_AFTER

# The longest random time in seconds, after the first attempt, the second, and so on. The last one repeats.
JITTER = (2, 4, 8, 16, 30)
MEAN_PAUSE = RETRY_AFTER + JITTER[-1] / 2  # after many attempts
# One person in a hundred may wait longer: the wait of the very last one depends on chance alone.
MAY_WAIT_LONGER = 0.01
FOLLOWED = 120  # seconds for which each pause is followed. Later, all pauses are long, and their mean is enough.


def _pauses(jitter: int) -> dict[int, float]:
    """Return the share of people for each pause in whole seconds. The shortest and the longest have half as many."""
    last = RETRY_AFTER + jitter
    return {pause: (0.5 if pause in (RETRY_AFTER, last) else 1.0) / jitter for pause in range(RETRY_AFTER, last + 1)}


_PAUSES = [_pauses(jitter) for jitter in JITTER]


class Retries:
    """How many people try again in each second, by the number of attempts that they have made."""

    def __init__(self) -> None:
        self.due: dict[int, list[float]] = defaultdict(lambda: [0.0] * len(JITTER))

    def take(self, second: int) -> list[float]:
        """Remove those who try again by this second. Return how many they are, by their attempts so far."""
        due = [self.due.pop(each) for each in sorted(self.due) if each <= second]
        return [sum(numbers) for numbers in zip(*due, strict=True)] if due else [0.0] * len(JITTER)

    def add(self, second: int, first: float, again: Sequence[float]) -> None:
        """Add those who are refused: `first` people at their first attempt, `again` by their earlier attempts."""
        *earlier, last = again
        refused = [first, *earlier]
        refused[-1] += last  # Those in the last place stay there.
        for attempts, number in enumerate(refused):
            for pause, share in _PAUSES[attempts].items():
                self.due[second + pause][attempts] += number * share


def longest_wait(arrivals: Sequence[float], chances: Sequence[float]) -> int:
    """Return the seconds after which 99 of 100 people have an answer, if they arrive at the worst moment.

    `arrivals`, `chances`: in each second, how many arrive, and the chance of an answer for each request. If some have
    no answer at the end, return the time until then.
    """
    refusing = [at for at, number in enumerate(arrivals) if number and 1 - chances[at] > MAY_WAIT_LONGER]
    return max((_wait(arrival, chances) for arrival in refusing), default=0)


def _wait(arrival: int, chances: Sequence[float]) -> int:
    retries, left = Retries(), 1 - chances[arrival]
    retries.add(arrival, left, [0.0] * len(JITTER))
    chance_to_try = 1 - exp(-1 / MEAN_PAUSE)
    for second in range(arrival + 1, len(chances)):
        if second < arrival + FOLLOWED:
            due = retries.take(second)
            left -= sum(due) * chances[second]
            retries.add(second, 0.0, [number * (1 - chances[second]) for number in due])
        else:
            left *= 1 - chances[second] * chance_to_try
        if left <= MAY_WAIT_LONGER:
            return second - arrival
    return len(chances) - arrival
