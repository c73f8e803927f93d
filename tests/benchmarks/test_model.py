"""The model loses no amount. The calculations that the docs and `make ready` quote from it are right."""

import re
from itertools import pairwise
from math import exp

import pytest

from benchmarks import lambdas
from benchmarks.flood import ATTACKING_NETWORKS, GENUINE, simulate_evening
from benchmarks.model.limits import ACCOUNTS, LIMITS
from benchmarks.model.scenarios import figures, run, steady
from benchmarks.model.service import Service
from benchmarks.model.simulate import Amounts, Load, shares_of
from benchmarks.model.waits import JITTER
from chalicelib.edge.problems import RETRY_AFTER
from chalicelib.mail.turns import BURST, DEFAULT_LIMIT, INTERVAL
from chalicelib.signatures.counted import ATTEMPTS
from stack.paths import ROOT
from stack.ready.needs import CONFIRMATIONS_EACH, MAX_SHARDS, MIN_SHARDS, PARTITION, Expected
from stack.template.api import _RESPONSES

SERVICE = Service(0.012, 0.025, 0.15, 0.014, 0.5)
CROWD = steady(2_000, 20)
FIELDS = list(Amounts().__dict__)
OUTAGES = [Load("refuses", lambda _: 500.0, 60, 10, 40), Load("hangs", lambda _: 500.0, 60, 10, 40, hangs=True)]


@pytest.mark.parametrize("load", [CROWD, *OUTAGES], ids=lambda load: load.name)
@pytest.mark.parametrize("name", ACCOUNTS)
def test_no_amount_is_lost_negative_or_decreasing(load: Load, name: str) -> None:
    done = run(load, name, SERVICE, 3_000)
    history = [amounts for _, amounts in done.history]
    assert done.amounts.waiting == pytest.approx(sum(map(sum, done.retries.due.values())), abs=1e-3)
    for before, after in pairwise(history):
        assert [field for field in FIELDS if getattr(after, field) < getattr(before, field)] == []
    for amounts in history:
        assert amounts.arrived + 1e-6 >= amounts.accepted >= amounts.stored - 1e-6
        assert amounts.stored + 1e-6 >= amounts.mailed >= amounts.confirmed
        # Each accepted signature is in the table or in the queue, at every moment.
        assert amounts.accepted == pytest.approx(amounts.stored + amounts.in_overflow)


def test_overflow_drains_like_a_queue_with_two_servers() -> None:
    """M/D/c without arrivals: backlog times service time, divided by the number of workers."""
    found = figures(run(OUTAGES[0], "default", SERVICE, 3_000))
    by_hand = 40 + found["peak_overflow"] * SERVICE.store / LIMITS["storers"].default
    assert found["all_stored_s"] == pytest.approx(by_hand, abs=3)


def conflicts(rate: float, shards: int) -> tuple[float, float]:
    """Return how many transactions each confirmation starts, and the share that conflicts at every attempt: a 503.

    A confirmation changes one shard of the tally in a transaction. Those that overlap on a shard conflict and are tried
    again, up to ATTEMPTS times in all (Poisson arrivals, `rate` a second).
    """
    attempts = 1.0
    for _ in range(200):  # More attempts cause more conflicts, and these more attempts, until it is stable.
        conflict = 1 - exp(-rate * attempts * lambdas.CALL_SECONDS / shards)
        attempts = sum(conflict**before for before in range(ATTEMPTS))
    return attempts, conflict**ATTEMPTS


def test_ten_shards_take_300_confirmations_a_second() -> None:
    """As docs/capacity.md says."""
    assert conflicts(300, 10)[0] == pytest.approx(1.6, abs=0.05)


@pytest.mark.parametrize("shards", [MIN_SHARDS, 40, MAX_SHARDS])
def test_with_the_shards_of_make_ready_one_confirmation_in_a_thousand_is_given_up(shards: int) -> None:
    assert conflicts(CONFIRMATIONS_EACH * shards, shards)[1] == pytest.approx(0.001, rel=0.3)


@pytest.mark.parametrize("rate", [500, 1_000, 3_000])
def test_with_the_warm_units_of_make_ready_the_fullest_partition_is_not_too_full(rate: int) -> None:
    crowd = Expected(rate, 3_600)
    share = max(shares_of(crowd.units // PARTITION))
    assert share * (rate + 4 * crowd.emails) <= PARTITION


def test_the_pauses_are_those_of_our_page() -> None:
    script = (ROOT / "chalicelib/pages/assets/petition.js").read_text(encoding="utf-8")
    times = dict(re.findall(r"const (\w+_WAIT_MS) = ([\d_]+);", script))
    first, longest = int(times["FIRST_WAIT_MS"]) // 1_000, int(times["LONGEST_WAIT_MS"]) // 1_000
    doubled = [first * 2**attempt for attempt in range(5)]
    assert tuple(min(longest, pause) for pause in doubled) == JITTER
    refusals = ("THROTTLED", "INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT")
    assert {_RESPONSES[name][2] for name in refusals} == {RETRY_AFTER}


def test_the_limit_of_first_emails_holds_and_nearly_all_genuine_email_is_sent_at_once() -> None:
    flood = simulate_evening(DEFAULT_LIMIT, attacks=0.5)
    hour = 3600 / INTERVAL.total_seconds()
    assert ATTACKING_NETWORKS * hour * 0.9 < max(flood.emails) <= ATTACKING_NETWORKS * (BURST + hour + hour / 4)
    assert flood.delay(0.5) == 0
    assert sum(delay > 0 for delay in flood.delays) < 0.03 * GENUINE
