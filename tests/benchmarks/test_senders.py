"""The senders reach MAIL_PER_SECOND and never exceed it. `make bench` measures 300 a second in the same way."""

import pytest

from benchmarks import results
from benchmarks.senders import simulate

CPU = 0.02


@pytest.mark.parametrize("rate", [8, 24])
def test_the_senders_reach_the_rate_and_exceed_it_in_no_second(rate: int) -> None:
    figures = simulate(rate, 12, CPU)
    assert figures["reached"] >= 0.95
    assert figures["most_in_a_second"] <= rate


def test_slow_calls_make_the_senders_slower_than_the_rate() -> None:
    figures = simulate(8, 12, CPU + 0.2)
    assert figures["reached"] < 0.9
    assert figures["most_in_a_second"] <= 8


def test_the_benchmark_measured_a_rate_of_three_hundred() -> None:
    figures = results.read()["sender_300"]
    assert figures["mail_per_second"] == 300
    assert 0.95 <= figures["reached"] <= 1
    assert figures["most_in_a_second"] <= 300
