"""People who are refused try again as the page does, and the longest wait follows from their pauses."""

import re
from collections.abc import Sequence
from dataclasses import replace
from math import log

import pytest

from benchmarks.model.retries import JITTER, MEAN_PAUSE, Retries
from benchmarks.model.scenarios import run, steady
from benchmarks.model.waits import longest_wait
from benchmarks.model.world import Amounts
from chalicelib.edge.problems import RETRY_AFTER
from stack.paths import ROOT
from stack.template.api import _RESPONSES
from tests.benchmarks.test_model import SERVICE

NOBODY = [0.0] * len(JITTER)


def history_of(chances: Sequence[float]) -> list[tuple[float, Amounts]]:
    """Return a run in which 100 people arrive in the first second. Each second's requests have this chance."""
    posted, accepted, history = 0.0, 0.0, list[tuple[float, Amounts]]()
    for second, chance in enumerate(chances):
        posted, accepted = posted + 100, accepted + 100 * chance
        history.append((second + 1.0, Amounts(arrived=100, posted=posted, accepted=accepted)))
    return history


def arrivals_in(second: int, chances: Sequence[float]) -> list[tuple[float, Amounts]]:
    """Return the run in which people arrive only in this second."""
    history = []
    for end, amounts in history_of(chances):
        arrived = 100 if end > second else 0
        history.append((end, replace(amounts, arrived=arrived)))
    return history


def test_all_who_are_refused_come_back_once_after_retry_after_and_some_seconds() -> None:
    retries = Retries()
    retries.add(0, 100, NOBODY)
    people = [sum(retries.take(second)) for second in range(9)]
    assert people == [0, 0, 0, 0, 0, 25, 50, 25, 0]


def test_the_pause_is_longer_after_each_attempt_but_no_longer_than_the_last() -> None:
    for attempts, jitter in enumerate((*JITTER[1:], JITTER[-1])):
        one_person = [0.0] * len(JITTER)
        one_person[attempts] = 1.0
        retries = Retries()
        retries.add(10, 0, one_person)
        seconds = [second for second in range(100) if sum(retries.take(second))]
        first = 10 + RETRY_AFTER
        assert seconds == [*range(first, first + jitter + 1)]


def test_people_who_are_refused_once_wait_for_one_pause() -> None:
    assert longest_wait(history_of([0.5] + [1.0] * 200)) == RETRY_AFTER + JITTER[0]


def test_after_an_outage_everybody_has_an_answer_within_one_pause() -> None:
    """In the outage, the pauses became the longest ones."""
    outage = 60
    wait = longest_wait(history_of([0.0] * outage + [1.0] * 200))
    assert outage + RETRY_AFTER < wait <= outage + RETRY_AFTER + JITTER[-1]


def test_the_wait_is_that_of_those_who_arrive_at_the_worst_moment() -> None:
    chances = [0.9] * 150 + [0.3] * 150 + [1.0] * 100
    always_arriving = []
    for end, amounts in history_of(chances):
        always_arriving.append((end, replace(amounts, arrived=100 * end)))
    waits = [longest_wait(arrivals_in(second, chances)) for second in range(len(chances))]
    assert longest_wait(always_arriving) == max(waits) > waits[0] > 0


def test_the_pauses_are_those_of_our_page() -> None:
    script = (ROOT / "chalicelib/pages/assets/petition.js").read_text(encoding="utf-8")
    times = dict(re.findall(r"const (\w+_WAIT_MS) = ([\d_]+);", script))
    first, longest = int(times["FIRST_WAIT_MS"]) // 1_000, int(times["LONGEST_WAIT_MS"]) // 1_000
    doubled = [first * 2**attempt for attempt in range(5)]
    assert tuple(min(longest, pause) for pause in doubled) == JITTER
    refusals = ("THROTTLED", "INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT")
    assert {_RESPONSES[name][2] for name in refusals} == {RETRY_AFTER}


def test_if_everybody_has_an_answer_at_once_nobody_waits() -> None:
    assert longest_wait(history_of([1.0] * 10)) == 0


def test_with_a_small_chance_the_wait_follows_from_the_mean_pause() -> None:
    """95 % are refused at first. Of those left, a twentieth is answered in each pause, until 1 % is left."""
    wait = longest_wait(history_of([0.05] * 5_000))
    assert wait == pytest.approx(log(95) * MEAN_PAUSE / 0.05, rel=0.05)


def test_people_without_an_answer_at_the_end_wait_at_least_until_then() -> None:
    assert longest_wait(history_of([0.001] * 1_000)) == 1_000


def test_the_wait_of_the_first_people_does_not_depend_on_how_many_people_come_later() -> None:
    """The first second has environments for few of them."""
    short, long = (run(steady(10_000, seconds), "raised", SERVICE, 3_000).figures for seconds in (60, 120))
    assert short["peak_waiting"] == long["peak_waiting"] > 1_000
    assert RETRY_AFTER < short["longest_wait_s"] == long["longest_wait_s"] <= short["all_accepted_s"]
