"""How often confirmations conflict on a tally shard. In closed form, because a step of a second is too long."""

from math import exp

from benchmarks.lambdas import CALL_SECONDS
from chalicelib.signatures.counted import ATTEMPTS

ROUNDS = 200


def conflict(rate: float, shards: int) -> float:
    """Return the probability that a transaction overlaps another one on its shard (Poisson arrivals)."""
    return 1 - exp(-rate * CALL_SECONDS / shards)


def attempts(rate: float, shards: int) -> float:
    """Return transactions started for each confirmation: a fixed point, because repeated ones conflict too."""
    tried = 1.0
    for _ in range(ROUNDS):
        chance = conflict(rate * tried, shards)
        tried = sum(chance**before for before in range(ATTEMPTS))
    return tried


def given_up(rate: float, shards: int) -> float:
    """Return the share that conflicts at every attempt and gets a 503."""
    return conflict(rate * attempts(rate, shards), shards) ** ATTEMPTS
