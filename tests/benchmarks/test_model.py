"""The model loses no amount, and agrees with calculations by hand."""

import re
from dataclasses import replace
from functools import cache
from itertools import pairwise
from math import exp, log

import pytest

from benchmarks import lambdas
from benchmarks.flood import ATTACKING_NETWORKS, GENUINE, Flood, simulate_evening
from benchmarks.model.limits import ACCOUNTS, LIMITS, Account
from benchmarks.model.scenarios import figures, run, steady
from benchmarks.model.service import Service
from benchmarks.model.simulate import Amounts, Load, Simulation, shares_of
from benchmarks.model.waits import JITTER, MEAN_PAUSE, Retries, longest_wait
from chalicelib.edge.problems import RETRY_AFTER
from chalicelib.mail.turns import BURST, DEFAULT_LIMIT, INTERVAL
from chalicelib.signatures.counted import ATTEMPTS
from stack.paths import ROOT
from stack.ready.needs import CONFIRMATIONS_EACH, MAX_SHARDS, MIN_SHARDS, PARTITION, Expected
from stack.template.api import _RESPONSES

SERVICE = Service(0.012, 0.025, 0.15, 0.014, 0.5)
VIEWED = replace(SERVICE, view=0.014, view_requests=80, misses=39)
CROWD = steady(2_000, 20)
FIELDS = list(Amounts().__dict__)
OUTAGES = [Load("refuses", lambda _: 500.0, 60, 10, 40), Load("hangs", lambda _: 500.0, 60, 10, 40, hangs=True)]
WITHOUT_CDN = replace(steady(500, 30), has_cdn=False)


def short_run(load: Load, name: str = "default", horizon: float = 3_000, service: Service = SERVICE) -> Simulation:
    return run(load, name, service, horizon)


@pytest.mark.parametrize("load", [CROWD, *OUTAGES], ids=lambda load: load.name)
@pytest.mark.parametrize("name", ACCOUNTS)
def test_no_amount_is_lost_negative_or_decreasing(load: Load, name: str) -> None:
    done = short_run(load, name)
    history = [amounts for _, amounts in done.history]
    assert done.amounts.waiting == pytest.approx(sum(map(sum, done.retries.due.values())), abs=1e-3)
    for before, after in pairwise(history):
        assert [field for field in FIELDS if getattr(after, field) < getattr(before, field)] == []
    for amounts in history:
        assert amounts.arrived + 1e-6 >= amounts.accepted >= amounts.stored - 1e-6
        assert amounts.stored + 1e-6 >= amounts.mailed >= amounts.confirmed
        # Each accepted signature is in the table or in the queue, at every moment.
        assert amounts.accepted == pytest.approx(amounts.stored + amounts.in_overflow)


@pytest.mark.parametrize("load", [CROWD, *OUTAGES], ids=lambda load: load.name)
def test_at_the_end_all_signatures_are_stored_mailed_and_confirmed(load: Load) -> None:
    amounts = run(load, "raised", SERVICE).amounts
    for amount in (amounts.accepted, amounts.stored, amounts.mailed, amounts.confirmed):
        assert amount == pytest.approx(load.rate(0) * load.ends, abs=1)


def test_during_an_outage_every_accepted_signature_overflows() -> None:
    refusing, hanging = (short_run(load).history[39][1] for load in OUTAGES)
    assert refusing.stored == hanging.stored == pytest.approx(500 * 10)
    assert refusing.in_overflow == pytest.approx(500 * 30, rel=0.01)
    assert hanging.waiting > refusing.waiting == pytest.approx(0)


def test_overflow_drains_like_a_queue_with_two_servers() -> None:
    """M/D/c without arrivals: backlog times service time, divided by the number of workers."""
    found = figures(short_run(OUTAGES[0]))
    by_hand = 40 + found["peak_overflow"] * SERVICE.store / LIMITS["storers"].default
    assert found["all_stored_s"] == pytest.approx(by_hand, abs=3)


def test_the_daily_quota_determines_the_days_of_email_and_returns_after_a_day() -> None:
    mailed = figures(run(steady(2_000, 60), "default", SERVICE))["mailed_days"]
    assert mailed == pytest.approx(120_000 / 50_000 // 1, abs=0.5)


def test_few_senders_limit_the_email_rate() -> None:
    done = short_run(steady(50, 60))
    assert next(iter(done.first)) == "our senders"
    assert done.history[59][1].mailed == pytest.approx(59 * Account("default").mail_per_second, rel=0.05)


def test_the_gateway_is_a_token_bucket() -> None:
    done = short_run(steady(40_000, 2), "raised", 2)
    rate, burst = LIMITS["gateway_rate"].raised, LIMITS["gateway_burst"].raised
    assert done.first["gateway"] == 0
    assert done.amounts.accepted <= burst + 2 * rate


def test_a_new_table_takes_what_its_hottest_partition_lets_pass() -> None:
    amounts = short_run(steady(4_000, 1), "default", 1).amounts
    stored = amounts.stored - amounts.recovered
    assert stored == pytest.approx(sum(min(1_000, 4_000 * share) for share in shares_of(4)))
    assert 3_000 < stored < 4_000


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


def test_without_the_cdn_signers_wait_and_most_views_are_refused() -> None:
    """40,500 requests a second against 10,000: each request passes with a chance of a quarter."""
    direct = short_run(WITHOUT_CDN, service=VIEWED)
    assert figures(direct)["views_refused"] == pytest.approx(0.75, abs=0.05)
    assert figures(direct)["peak_waiting"] > 1_000
    slow_views = short_run(WITHOUT_CDN, service=replace(VIEWED, view=1.0))
    assert slow_views.amounts.accepted == pytest.approx(500 * 30, rel=0.05), "viewers take their share only"


def wait_of_the_first(chances: list[float]) -> int:
    """Return the wait of people who arrive in the first second. Each second's requests have this chance."""
    return longest_wait([100.0] + [0.0] * (len(chances) - 1), chances)


def test_the_pause_is_longer_after_each_attempt_but_no_longer_than_the_last() -> None:
    for attempts, jitter in enumerate((*JITTER[1:], JITTER[-1])):
        one_person = [0.0] * len(JITTER)
        one_person[attempts] = 1.0
        retries = Retries()
        retries.add(10, 0, one_person)
        seconds = [second for second in range(100) if sum(retries.take(second))]
        first = 10 + RETRY_AFTER
        assert seconds == [*range(first, first + jitter + 1)]


def test_waits_follow_from_the_pauses() -> None:
    assert wait_of_the_first([1.0] * 10) == 0
    assert wait_of_the_first([0.5] + [1.0] * 200) == RETRY_AFTER + JITTER[0]
    after_an_outage = wait_of_the_first([0.0] * 60 + [1.0] * 200)
    assert 60 + RETRY_AFTER < after_an_outage <= 60 + RETRY_AFTER + JITTER[-1]
    # 95 % are refused at first. Of those left, a twentieth is answered in each pause, until 1 % is left.
    assert wait_of_the_first([0.05] * 5_000) == pytest.approx(log(95) * MEAN_PAUSE / 0.05, rel=0.05)
    assert wait_of_the_first([0.001] * 1_000) == 1_000, "without an answer at the end, at least until then"


def test_the_wait_of_the_first_people_does_not_depend_on_how_many_people_come_later() -> None:
    """The first second has environments for few of them."""
    short, long = (figures(run(steady(10_000, seconds), "raised", SERVICE, 3_000)) for seconds in (60, 120))
    assert short["peak_waiting"] == long["peak_waiting"] > 1_000
    assert RETRY_AFTER < short["longest_wait_s"] == long["longest_wait_s"] <= short["all_accepted_s"]


def test_the_pauses_are_those_of_our_page() -> None:
    script = (ROOT / "chalicelib/pages/assets/petition.js").read_text(encoding="utf-8")
    times = dict(re.findall(r"const (\w+_WAIT_MS) = ([\d_]+);", script))
    first, longest = int(times["FIRST_WAIT_MS"]) // 1_000, int(times["LONGEST_WAIT_MS"]) // 1_000
    doubled = [first * 2**attempt for attempt in range(5)]
    assert tuple(min(longest, pause) for pause in doubled) == JITTER
    refusals = ("THROTTLED", "INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT")
    assert {_RESPONSES[name][2] for name in refusals} == {RETRY_AFTER}


FEW = 0.5


@cache
def usual_flood() -> Flood:
    return simulate_evening(DEFAULT_LIMIT, attacks=FEW)


def test_the_limit_holds_and_nearly_all_genuine_email_is_sent_at_once() -> None:
    flood = usual_flood()
    hour = 3600 / INTERVAL.total_seconds()
    assert ATTACKING_NETWORKS * hour * 0.9 < max(flood.emails) <= ATTACKING_NETWORKS * (BURST + hour + hour / 4)
    assert flood.delay(0.5) == 0
    assert sum(delay > 0 for delay in flood.delays) < 0.03 * GENUINE


def test_signers_who_share_a_network_with_the_attacker_wait() -> None:
    assert simulate_evening(DEFAULT_LIMIT, attacks=FEW, shares_a_carrier=True).delays[-1] > usual_flood().delays[-1]
