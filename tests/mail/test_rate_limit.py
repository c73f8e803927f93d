"""Pacing keeps the senders below the rate and retries. The test controls the clock."""

from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from chalicelib.aws.email import Mail
from chalicelib.core.errors import RateExceeded
from chalicelib.mail.rate_limit import RATE_WAITS, SHARES, RateLimiter, limit_rate, senders_for
from tests.actors import ALICE

MAIL = Mail(ALICE.email, "s", "t", "h")


class Time:
    """A monotonic clock that only `sleep` and the test advance."""

    def __init__(self) -> None:
        self.now = 1000.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds

    def limiter(self, per_second: float) -> RateLimiter:
        return RateLimiter(per_second, self.clock, self.sleep)


@given(st.lists(st.floats(0, 2), min_size=2, max_size=60), st.floats(1, 1000), st.integers(2, 1000))
def test_all_senders_together_never_exceed_the_rate(durations: list[float], rate: float, senders: int) -> None:
    """For any duration of the SES calls. Each sender stays below its share, so all together stay below the rate."""
    for share in SHARES.values():
        time = Time()
        limiter = time.limiter(rate * share / senders)
        starts = []
        for duration in durations:
            limiter.wait()
            starts.append(time.now)
            time.now += duration
        gaps = [later - earlier for earlier, later in pairwise(starts)]
        assert min(gaps) >= senders / (rate * share) - 1e-6
    assert sum(SHARES.values()) <= 1


@pytest.mark.parametrize(("rate", "senders"), [(1, 2), (12, 3), (14, 4), (300, 75), (1000, 250)])
def test_the_rate_decides_the_number_of_senders(rate: int, senders: int) -> None:
    assert senders_for(rate) == senders


def test_an_exceeded_rate_is_retried_within_the_call() -> None:
    time, refusals = Time(), [RateExceeded("mail")] * len(RATE_WAITS)

    def deliver(_: Mail) -> str:
        if refusals:
            raise refusals.pop()
        return "sent"

    duration = limit_rate(deliver, time.limiter(100))(MAIL)
    assert time.now == pytest.approx(1000 + sum(RATE_WAITS), abs=0.1)
    assert duration.total_seconds() == pytest.approx(time.now - 1000)


def test_rate_exceeded_is_raised_after_three_tries() -> None:
    time, tries = Time(), []

    def deliver(mail: Mail) -> str:
        tries.append(mail)
        raise RateExceeded("mail")

    with pytest.raises(RateExceeded):
        limit_rate(deliver, time.limiter(100))(MAIL)
    assert len(tries) == 1 + len(RATE_WAITS)
