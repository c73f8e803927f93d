"""The pause starts, can be extended, and ends at its time. In a crowd, emails to confirm use the whole rate, but never
while a sender of other email may still run.
"""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from chalicelib.core.errors import Unavailable
from chalicelib.mail.model import Priority
from chalicelib.mail.rate_limit import SHARES
from chalicelib.mail.sending import (
    LONGEST_RUN,
    MAX_URGENT_WAITING,
    OTHER_EMAIL_STOPS_AT,
    PAUSE,
    is_paused,
    pause_after_refusal,
    pause_mail,
    resume_mail,
    sending,
    watch,
)
from tests.actors import MINUTE, NOW
from tests.fake_mailer import FakeQuota
from tests.fakes import FakeQueue, FakeSource, FakeTables

URGENT = SHARES[Priority.URGENT]
SECOND = timedelta(seconds=1)


class WatchRuns:
    """Runs the watch once a minute. AWS disables the source of other email only after `closing` runs."""

    def __init__(self, closing: int = 0) -> None:
        self.tables, self.urgent, self.other = FakeTables(), FakeSource(), FakeSource()
        self.now, self.closing = NOW, closing
        # The latest time at which a sender of other email may have started.
        self.last_start = NOW

    def run_minute(self, waiting: int) -> None:
        queue, slow = FakeQueue(), SlowSource(self.other, self.closing)
        queue.messages = [{}] * waiting
        watch(self.urgent, slow, queue, FakeQuota(), self.now, self.tables)
        self.closing = slow.left
        if not self.other.is_off():
            self.last_start = self.now + MINUTE
        self.now += MINUTE

    def run_minutes(self, waiting: Sequence[int]) -> "WatchRuns":
        for count in waiting:
            self.run_minute(count)
        return self

    def share(self) -> float:
        return sending(self.now, self.tables).share_of_confirmations


class SlowSource(FakeSource):
    """Is disabled only after `left` more attempts."""

    def __init__(self, source: FakeSource, left: int) -> None:
        self.source, self.left = source, left

    def switch(self, *, is_on: bool) -> bool:
        if not is_on and self.left:
            self.left -= 1
            return True
        return self.source.switch(is_on=is_on)

    def is_off(self) -> bool:
        return self.source.is_off()


def test_a_pause_and_the_end_of_a_pause_keep_the_grant() -> None:
    runs = WatchRuns().run_minutes([1000] * 5)
    pause_mail(runs.now, PAUSE, runs.tables)
    resume_mail(runs.now, runs.tables)
    assert (runs.share(), is_paused(runs.now - SECOND, runs.tables)) == (1, False)


@given(st.lists(st.sampled_from([0, 1000]), max_size=40), st.integers(0, 3))
def test_the_whole_rate_and_other_email_are_never_used_at_once(waiting: Sequence[int], closing: int) -> None:
    """A sender runs at most LONGEST_RUN. Senders of other email start until their source is off."""
    runs = WatchRuns(closing)
    whole_rate_ends = NOW
    for count in waiting:
        runs.run_minute(count)
        if runs.share() == 1:
            assert runs.now >= runs.last_start + LONGEST_RUN
            whole_rate_ends = runs.now + LONGEST_RUN
        if not runs.other.is_off():
            assert runs.now > whole_rate_ends, "a sender that began with the whole rate may still run"


def test_a_refusal_by_ses_does_not_shorten_the_pause_of_an_engineer(tables: FakeTables) -> None:
    """A sender may have read "no pause" just before the engineer paused sending."""
    for duration in (PAUSE, timedelta(days=2)):
        until = pause_mail(NOW, duration, tables)
        pause_after_refusal(NOW + SECOND, tables)
        assert sending(NOW + SECOND, tables).pause == (until, True)


EVERY_STATE = [(first, second) for first in (True, False) for second in (True, False)]


def run_watch(
    sources: Sequence[FakeSource],
    tables: FakeTables,
    waiting: int = 0,
    later: bool = False,
    delayed: int = 0,
    quota: FakeQuota | None = None,
) -> tuple[bool, ...]:
    queue = FakeQueue()
    queue.messages, queue.delayed = [{}] * (waiting + delayed), delayed
    now = NOW + PAUSE if later else NOW
    result = watch(sources[0], sources[1], queue, quota or FakeQuota(), now, tables)
    assert result == tuple(source.is_open for source in sources)
    return result


def sources_in(states: Sequence[bool]) -> list[FakeSource]:
    sources = [FakeSource(), FakeSource()]
    for source, state in zip(sources, states, strict=True):
        source.is_open = state
    return sources


@pytest.mark.parametrize("states", EVERY_STATE)
def test_a_pause_disables_both_sources_and_its_end_enables_both(tables: FakeTables, states: tuple[bool, bool]) -> None:
    sources = sources_in(states)
    pause_after_refusal(NOW, tables)
    assert run_watch(sources, tables) == (False, False)
    assert run_watch(sources, tables, later=True) == (True, True)


@pytest.mark.parametrize("states", EVERY_STATE)
def test_other_email_is_sent_only_while_few_confirmations_wait(tables: FakeTables, states: tuple[bool, bool]) -> None:
    sources = sources_in(states)
    assert run_watch(sources, tables, MAX_URGENT_WAITING + 1) == (True, False)
    assert not sending(NOW, tables).is_quota_reserved
    assert run_watch(sources, tables, MAX_URGENT_WAITING, later=True) == (True, True)


@pytest.mark.parametrize("states", EVERY_STATE)
def test_the_rest_of_the_quota_is_for_urgent_email(tables: FakeTables, states: tuple[bool, bool]) -> None:
    sources = sources_in(states)
    assert run_watch(sources, tables, quota=FakeQuota(OTHER_EMAIL_STOPS_AT - 0.01)) == (True, True)
    assert run_watch(sources, tables, quota=FakeQuota(OTHER_EMAIL_STOPS_AT)) == (True, False)
    assert sending(NOW, tables).is_quota_reserved
    run_watch(sources, tables, MAX_URGENT_WAITING + 1, quota=FakeQuota(OTHER_EMAIL_STOPS_AT))
    assert sending(NOW, tables).is_quota_reserved, "in a crowd too"
    assert run_watch(sources, tables, later=True, quota=FakeQuota(OTHER_EMAIL_STOPS_AT - 0.01)) == (True, True)


def test_a_quota_that_cannot_be_read_does_not_stop_email(tables: FakeTables, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    quota = FakeQuota(used=1, failures=[Unavailable("mail quota")])
    assert run_watch(sources_in((False, False)), tables, quota=quota) == (True, True)
    assert [record.message for record in caplog.records] == ["mail_quota_unreadable"]
