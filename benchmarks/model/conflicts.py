"""How often confirmations meet on a tally shard. Closed form, for a step of a second is far too long to see it."""

from math import exp

from benchmarks.lambdas import CALL_SECONDS
from benchmarks.model.limits import LIMITS
from chalicelib.signatures.counted import ATTEMPTS

UNITS = 2  # write units of the tally's half of the transaction
ROUNDS = 200


def conflict(rate: float, shards: int) -> float:
    """The chance that a transaction meets another one on its shard while that one lasts (Poisson arrivals)."""
    return 1 - exp(-rate * CALL_SECONDS / shards)


def attempts(rate: float, shards: int) -> float:
    """Transactions begun for each confirmation; the repeated ones conflict too, so it is a fixed point."""
    tried = 1.0
    for _ in range(ROUNDS):
        chance = conflict(rate * tried, shards)
        tried = sum(chance**before for before in range(ATTEMPTS))
    return tried


def given_up(rate: float, shards: int) -> float:
    """The share that meets a conflict every time and is asked to come again."""
    return conflict(rate * attempts(rate, shards), shards) ** ATTEMPTS


def ceiling(shards: int) -> float:
    """Confirmations a second that the shards' partitions take, whatever the conflicts."""
    return shards * LIMITS["partition"].default / UNITS
