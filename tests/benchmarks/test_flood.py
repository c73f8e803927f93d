"""The simulation of a flood: the limit protects strangers, and hardly delays genuine signers."""

from functools import cache

from benchmarks.flood import ATTACKING_NETWORKS, EVENING, GENUINE, Flood, simulate_evening
from chalicelib.mail.turns import BURST, DEFAULT_LIMIT, INTERVAL

FEW = 0.5


@cache
def usual_flood() -> Flood:
    return simulate_evening(DEFAULT_LIMIT, attacks=FEW)


def test_without_a_limit_every_post_is_an_email_at_once() -> None:
    flood = simulate_evening(None, attacks=FEW)
    assert (sum(flood.emails), flood.delays) == (EVENING * FEW, [0.0] * GENUINE)


def test_the_limit_holds_and_nearly_all_genuine_email_is_sent_at_once() -> None:
    flood = usual_flood()
    hour = 3600 / INTERVAL.total_seconds()
    assert ATTACKING_NETWORKS * hour * 0.9 < max(flood.emails) <= ATTACKING_NETWORKS * (BURST + hour + hour / 4)
    assert flood.delay(0.5) == 0
    assert sum(delay > 0 for delay in flood.delays) < 0.03 * GENUINE


def test_signers_who_share_a_network_with_the_attacker_wait() -> None:
    assert simulate_evening(DEFAULT_LIMIT, attacks=FEW, shares_a_carrier=True).delays[-1] > usual_flood().delays[-1]
