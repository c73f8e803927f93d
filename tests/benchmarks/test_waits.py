"""People who are refused try again as the page does, and the longest wait follows from their pauses."""

import re
from math import log

import pytest

from benchmarks.model.scenarios import figures, run, steady
from benchmarks.model.waits import JITTER, MEAN_PAUSE, Retries, longest_wait
from chalicelib.edge.problems import RETRY_AFTER
from stack.paths import ROOT
from stack.template.api import _RESPONSES
from tests.benchmarks.test_model import SERVICE

NOBODY = [0.0] * len(JITTER)


def wait_of_the_first(chances: list[float]) -> int:
    """Return the wait of people who arrive in the first second. Each second's requests have this chance."""
    return longest_wait([100.0] + [0.0] * (len(chances) - 1), chances)


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


def test_waits_follow_from_the_pauses() -> None:
    assert wait_of_the_first([1.0] * 10) == 0
    assert wait_of_the_first([0.5] + [1.0] * 200) == RETRY_AFTER + JITTER[0]
    after_an_outage = wait_of_the_first([0.0] * 60 + [1.0] * 200)
    assert 60 + RETRY_AFTER < after_an_outage <= 60 + RETRY_AFTER + JITTER[-1]
    # 95 % are refused at first. Of those left, a twentieth is answered in each pause, until 1 % is left.
    assert wait_of_the_first([0.05] * 5_000) == pytest.approx(log(95) * MEAN_PAUSE / 0.05, rel=0.05)
    assert wait_of_the_first([0.001] * 1_000) == 1_000, "without an answer at the end, at least until then"


def test_the_wait_is_that_of_those_who_arrive_at_the_worst_moment() -> None:
    chances = [0.9] * 150 + [0.3] * 150 + [1.0] * 100
    waits = [longest_wait([float(at == second) for at in range(400)], chances) for second in range(400)]
    assert longest_wait([1.0] * 400, chances) == max(waits) > waits[0] > 0


def test_the_pauses_are_those_of_our_page() -> None:
    script = (ROOT / "chalicelib/pages/assets/petition.js").read_text(encoding="utf-8")
    times = dict(re.findall(r"const (\w+_WAIT_MS) = ([\d_]+);", script))
    first, longest = int(times["FIRST_WAIT_MS"]) // 1_000, int(times["LONGEST_WAIT_MS"]) // 1_000
    doubled = [first * 2**attempt for attempt in range(5)]
    assert tuple(min(longest, pause) for pause in doubled) == JITTER
    refusals = ("THROTTLED", "INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT")
    assert {_RESPONSES[name][2] for name in refusals} == {RETRY_AFTER}


def test_the_wait_of_the_first_people_does_not_depend_on_how_many_people_come_later() -> None:
    """The first second has environments for few of them."""
    short, long = (figures(run(steady(10_000, seconds), "raised", SERVICE, 3_000)) for seconds in (60, 120))
    assert short["peak_waiting"] == long["peak_waiting"] > 1_000
    assert RETRY_AFTER < short["longest_wait_s"] == long["longest_wait_s"] <= short["all_accepted_s"]
