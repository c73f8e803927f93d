"""The model loses no amount, and agrees with calculations by hand."""

from dataclasses import replace
from itertools import pairwise

import pytest

from benchmarks.model.capacity import DAY, Environments, GatewayThrottle, SesQuota, Table, shares_of
from benchmarks.model.conflicts import attempts_each, conflict_probability, share_given_up
from benchmarks.model.limits import ACCOUNTS, LIMITS, account
from benchmarks.model.needs import needs
from benchmarks.model.scenarios import HOUR, MILLION, SimulationRun, fading, run, steady
from benchmarks.model.service import HANG_SECONDS, Service
from benchmarks.model.world import Amounts, Load
from chalicelib.mail.rate_limit import senders_for

SERVICE = Service(0.012, 0.025, 0.15, 0.014, 0.5, 0.115, 0.028, 0.0002)
BURST = steady(2_000, 20)
FIELDS = list(Amounts().__dict__)
OUTAGES = [Load("refuses", lambda _: 500.0, 60, 10, 40), Load("hangs", lambda _: 500.0, 60, 10, 40, hangs=True)]


def short_run(load: Load, name: str = "default", horizon: float = 3_000) -> SimulationRun:
    return run(load, name, SERVICE, horizon)


@pytest.mark.parametrize("load", [BURST, *OUTAGES], ids=lambda load: load.name)
@pytest.mark.parametrize("name", ACCOUNTS)
def test_no_amount_is_lost_negative_or_decreasing(load: Load, name: str) -> None:
    world = short_run(load, name).world
    history = [amounts for _, amounts in world.history]
    assert world.amounts.waiting == pytest.approx(world.retries.waiting, abs=1e-3)
    for before, after in pairwise(history):
        decreased = [field for field in FIELDS if getattr(after, field) < getattr(before, field)]
        assert decreased == []
    for amounts in history:
        assert amounts.arrived + 1e-6 >= amounts.accepted >= amounts.stored - 1e-6
        assert amounts.stored + 1e-6 >= amounts.relayed >= amounts.mailed >= amounts.confirmed
        # Each accepted signature is in the table or in the queue, at every moment.
        assert amounts.accepted == pytest.approx(amounts.stored + amounts.in_overflow)
        assert amounts.changes == pytest.approx(amounts.stored + amounts.confirmed)
        assert amounts.changes + 1e-6 >= amounts.projected


@pytest.mark.parametrize("load", [BURST, *OUTAGES], ids=lambda load: load.name)
def test_at_the_end_all_signatures_are_stored_mailed_and_confirmed(load: Load) -> None:
    done = run(load, "raised", SERVICE)
    amounts = done.world.amounts
    for amount in (amounts.accepted, amounts.stored, amounts.mailed, amounts.confirmed):
        assert amount == pytest.approx(load.rate(0) * load.ends, abs=1)


def test_during_an_outage_every_accepted_signature_overflows() -> None:
    refusing, hanging = (short_run(load).world.history[39][1] for load in OUTAGES)
    assert refusing.stored == hanging.stored == pytest.approx(500 * 10)
    assert refusing.in_overflow == pytest.approx(500 * 30, rel=0.01)
    assert hanging.waiting > refusing.waiting == pytest.approx(0)


def test_overflow_drains_like_a_queue_with_two_servers() -> None:
    """M/D/c without arrivals: backlog times service time, divided by the number of workers."""
    figures = short_run(OUTAGES[0]).figures
    by_hand = 40 + figures["peak_overflow"] * SERVICE.store / LIMITS["storers"].default
    assert figures["all_stored_s"] == pytest.approx(by_hand, abs=3)


def test_a_new_account_answers_like_a_queue_of_ten_servers() -> None:
    """This holds while many people wait: the last ones retry at random times and are served at once."""
    done = short_run(steady(200, 60), "new")
    assert done.world.history[59][1].accepted == pytest.approx(60 * 100, rel=0.05)
    assert done.figures["held_up_first_s"]["Lambda"] == 0


def test_the_daily_quota_determines_the_days_of_email() -> None:
    mailed = run(steady(2_000, 60), "default", SERVICE).figures["mailed_days"]
    assert mailed == pytest.approx(120_000 / 50_000 // 1, abs=0.5)


def test_few_senders_limit_the_email_rate() -> None:
    world = short_run(steady(50, 60)).world
    assert next(iter(world.refusals.first)) == "our senders"
    assert world.history[59][1].mailed == pytest.approx(59 * account("default").mail_per_second, rel=0.05)


def test_a_million_in_an_hour_is_a_million() -> None:
    people = sum(fading(second + 0.5) for second in range(HOUR))
    assert people == pytest.approx(MILLION, rel=1e-4)


def test_the_gateway_is_a_token_bucket() -> None:
    gateway = GatewayThrottle(account("default"))
    gateway.begin(1)
    assert gateway.take(20_000) == 15_000
    gateway.begin(1)
    assert gateway.take(20_000) == 10_000


def test_environments_ramp_by_a_thousand_in_ten_seconds() -> None:
    environments = Environments(account("raised"), cold=0.5)
    started = []
    for _ in range(11):
        environments.take(1e6, 0.01, 0, 1)
        started.append(environments.started)
    assert started[0] == 1_000
    assert started[10] == pytest.approx(2_000)


def test_cold_starts_refuse_no_request_below_the_limit() -> None:
    assert Environments(account("default"), cold=0.5).take(500, 0.012, 0, 1) == 500


def test_a_slow_table_uses_up_the_concurrency() -> None:
    environments = Environments(account("default"), cold=0)
    for _ in range(5):
        served = environments.take(5_000, HANG_SECONDS, 0, 1)
    assert served == pytest.approx(1_000 / HANG_SECONDS)


def test_a_new_table_takes_four_thousand_and_its_hottest_partition_a_thousand() -> None:
    table = Table(account("default"))
    table.begin(0, 1)
    assert (table.capacity, table.partitions) == (4_000, 4)
    taken = table.take(4_000)
    taken_by_partition = [min(1_000, 4_000 * share) for share in shares_of(4)]
    assert taken == pytest.approx(sum(taken_by_partition))
    assert 3_000 < taken < 4_000


def test_a_table_takes_twice_its_peak_of_half_an_hour_ago() -> None:
    table = Table(account("default"))
    for second in range(2_000):
        table.begin(second, 1)
        table.take(3_000)
    assert table.capacity == pytest.approx(6_000, rel=0.05)


@pytest.mark.parametrize("partitions", [1, 4, 20, 64])
def test_every_bucket_is_on_a_partition(partitions: int) -> None:
    assert sum(shares_of(partitions)) == pytest.approx(1)
    assert len(shares_of(partitions)) == partitions


def test_used_quota_returns_after_a_day() -> None:
    mailing = SesQuota(replace(account("default"), mail_daily=100))
    mailing.record_sent(0, 100)
    assert mailing.left(DAY - 1, 1)[1] == 0
    assert mailing.left(DAY + 700, 1)[1] == 100


def test_more_shards_cause_fewer_conflicts() -> None:
    assert conflict_probability(0, 10) == share_given_up(0, 10) == 0
    assert attempts_each(0, 10) == 1
    assert attempts_each(1_000, 90) < attempts_each(1_000, 30) < attempts_each(1_000, 10) <= 6


def test_needs_grow_with_the_load() -> None:
    small, large = needs(100, SERVICE), needs(1_000, SERVICE)
    assert small.concurrency < large.concurrency < large.concurrency_if_the_table_hangs
    assert small.gateway_rate == 300
    assert large.senders == senders_for(1_000)


def test_every_limit_has_a_source() -> None:
    for name, limit in LIMITS.items():
        assert ":" in limit.source, name
        assert limit.new <= limit.default <= limit.raised, name
