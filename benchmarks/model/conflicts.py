"""How often confirmations conflict on a shard of the tally: a formula, because a step is longer than a transaction.

A confirmation changes one shard in a transaction. Transactions that overlap on one shard conflict and are tried again,
up to ATTEMPTS times in all.
"""

from math import exp

from benchmarks.lambdas import CALL_SECONDS
from chalicelib.signatures.counted import ATTEMPTS


def conflict_probability(transaction_rate: float, shards: int) -> float:
    """Return the probability that a transaction overlaps another one on its shard (Poisson arrivals)."""
    return 1 - exp(-transaction_rate * CALL_SECONDS / shards)


def attempts_each(rate: float, shards: int) -> float:
    """Return how many transactions each confirmation starts, at `rate` confirmations a second."""
    attempts = 1.0
    for _ in range(200):  # More attempts cause more conflicts, and these more attempts, until it is stable.
        probability = conflict_probability(rate * attempts, shards)
        attempts = sum(probability**number_before for number_before in range(ATTEMPTS))
    return attempts


def share_given_up(rate: float, shards: int) -> float:
    """Return the share of confirmations that conflict at every attempt and get a 503."""
    return conflict_probability(rate * attempts_each(rate, shards), shards) ** ATTEMPTS
