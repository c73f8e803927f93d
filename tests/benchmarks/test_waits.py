"""People who are refused try again as the page does, and the longest wait follows from their pauses."""

import re
from math import log

import pytest

from benchmarks.model.waits import JITTER, MEAN_PAUSE, Retries, longest_wait
from chalicelib.edge.problems import RETRY_AFTER
from stack.paths import ROOT
from stack.template.api import _RESPONSES


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


def test_the_pauses_are_those_of_our_page() -> None:
    script = (ROOT / "chalicelib/pages/assets/petition.js").read_text(encoding="utf-8")
    times = dict(re.findall(r"const (\w+_WAIT_MS) = ([\d_]+);", script))
    first, longest = int(times["FIRST_WAIT_MS"]) // 1_000, int(times["LONGEST_WAIT_MS"]) // 1_000
    doubled = [first * 2**attempt for attempt in range(5)]
    assert tuple(min(longest, pause) for pause in doubled) == JITTER
    refusals = ("THROTTLED", "INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT")
    assert {_RESPONSES[name][2] for name in refusals} == {RETRY_AFTER}
