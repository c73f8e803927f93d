"""When people whose signature was refused try again: as our page does (retryWait in petition.js).

The API refuses with `Retry-After`. The page waits for this time, and for a random time on top, which is longer after
each attempt.
"""

from collections import defaultdict
from collections.abc import Sequence

from chalicelib.edge.problems import RETRY_AFTER

# The longest random time in seconds, after the first attempt, the second, and so on. The last one repeats.
JITTER = (2, 4, 8, 16, 30)
# The mean pause after many attempts.
MEAN_PAUSE = RETRY_AFTER + JITTER[-1] / 2


def _pauses(jitter: int) -> dict[int, float]:
    """Return the share of people for each pause in whole seconds, if the random time is evenly spread.

    Times are rounded, so half as many people have the shortest pause and the longest one as each other pause.
    """
    first, last = RETRY_AFTER, RETRY_AFTER + jitter
    shares = {}
    for pause in range(first, last + 1):
        weight = 0.5 if pause in (first, last) else 1.0
        shares[pause] = weight / jitter
    return shares


_PAUSES = [_pauses(jitter) for jitter in JITTER]


def nobody() -> list[float]:
    """Return zero people for each number of attempts."""
    return [0.0] * len(JITTER)


class Retries:
    """How many people try again in each second, by the number of attempts that they have made."""

    def __init__(self) -> None:
        self._due: dict[int, list[float]] = defaultdict(nobody)

    def take(self, second: int) -> Sequence[float]:
        """Remove those who try again by this second. Return how many they are, by their attempts so far."""
        seconds = sorted(each for each in self._due if each <= second)
        if not seconds:
            return nobody()
        due = [self._due.pop(each) for each in seconds]
        return [sum(numbers) for numbers in zip(*due, strict=True)]

    def add(self, second: int, first: float, again: Sequence[float]) -> None:
        """Add those who are refused in this second: `first` people at their first attempt, and `again` at a later one.

        `again` is by the number of earlier attempts, as `take` returns it.
        """
        # All have now made one more attempt, so they move up by one place. Those in the last place stay there.
        *earlier, last = again
        refused = [first, *earlier]
        refused[-1] += last
        for attempts, number in enumerate(refused):
            for pause, share in _PAUSES[attempts].items():
                self._due[second + pause][attempts] += number * share

    @property
    def waiting(self) -> float:
        """Return how many people will try again."""
        return sum(map(sum, self._due.values()))
