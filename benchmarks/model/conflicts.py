"""How often confirmations conflict on a tally shard. This is a formula, because the model's steps are too long."""

from math import exp

from benchmarks.lambdas import CALL_SECONDS
from chalicelib.signatures.counted import ATTEMPTS

ROUNDS = 200


def conflict(rate: float, shards: int) -> float:
    """Return the probability that a transaction overlaps another one on its shard (Poisson arrivals)."""
    return 1 - exp(-rate * CALL_SECONDS / shards)


def attempts(rate: float, shards: int) -> float:
    """Return transactions started for each confirmation. Repeated transactions conflict too, so it is a fixed point."""
    attempts_each = 1.0
    for _ in range(ROUNDS):
        probability = conflict(rate * attempts_each, shards)
        attempts_each = sum(probability**before for before in range(ATTEMPTS))
    return attempts_each


def given_up(rate: float, shards: int) -> float:
    """Return the share that conflicts at every attempt and gets a 503."""
    return conflict(rate * attempts(rate, shards), shards) ** ATTEMPTS
