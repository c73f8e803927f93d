"""Confirmations use the whole rate in a crowd, and never while a sender of other email may still run."""

from collections.abc import Sequence

from hypothesis import given, strategies as st

from chalicelib.core.errors import Unavailable
from chalicelib.mail.model import Priority
from chalicelib.mail.pace import SHARES
from chalicelib.mail.watch import MAX_URGENT_WAITING, watch
from chalicelib.mail.whole_rate import GRANTED_FOR, LONGEST_RUN, share_of_confirmations
from tests.actors import MINUTE, NOW
from tests.fakes import FakeQueue, FakeSource, FakeTables

URGENT = SHARES[Priority.URGENT]


class Watched:
    """The watch runs once a minute, in `now`. `closing` runs of the watch pass until AWS has disabled a source."""

    def __init__(self, closing: int = 0) -> None:
        self.tables, self.urgent, self.other = FakeTables(), FakeSource(), FakeSource()
        self.now, self.closing = NOW, closing
        # When a sender of other email may have been started.
        self.started = NOW

    def minute(self, waiting: int) -> None:
        queue, slow = FakeQueue(), Slow(self.other, self.closing)
        queue.messages = [{}] * waiting
        watch(self.urgent, slow, queue, self.now, self.tables)
        self.closing = slow.left
        if not self.other.is_off():
            self.started = self.now + MINUTE
        self.now += MINUTE

    def minutes(self, waiting: Sequence[int]) -> "Watched":
        for each in waiting:
            self.minute(each)
        return self

    def share(self) -> float:
        return share_of_confirmations(self.now, self.tables)


class Slow(FakeSource):
    def __init__(self, source: FakeSource, left: int) -> None:
        self.source, self.left = source, left

    def switch(self, *, is_on: bool) -> bool:
        if not is_on and self.left:
            self.left -= 1
            return True
        return self.source.switch(is_on=is_on)

    def is_off(self) -> bool:
        return self.source.is_off()


def test_in_a_crowd_confirmations_have_the_whole_rate_after_the_last_other_sender_ended() -> None:
    watched = Watched()
    watched.minute(MAX_URGENT_WAITING + 1)
    assert watched.share() == URGENT
    watched.minutes([MAX_URGENT_WAITING + 1] * 2)
    assert watched.share() == 1


def test_other_email_is_turned_on_only_when_the_grant_is_over() -> None:
    watched = Watched().minutes([1000] * 5)
    watched.minute(0)
    assert watched.other.is_off()
    watched.minutes([0] * (GRANTED_FOR // MINUTE))
    assert not watched.other.is_off()
    assert watched.share() == URGENT


def test_the_grant_ends_when_the_watch_does_not_run() -> None:
    watched = Watched().minutes([1000] * 5)
    watched.now += GRANTED_FOR
    assert watched.share() == URGENT


def test_a_watch_that_comes_back_grants_it_again_only_after_a_longest_run() -> None:
    watched = Watched().minutes([1000] * 5)
    watched.now += 2 * GRANTED_FOR
    watched.minute(1000)
    assert watched.share() == URGENT


def test_without_an_answer_from_the_table_the_share_is_the_usual_one() -> None:
    watched = Watched().minutes([1000] * 5)
    watched.tables.fail_next(Unavailable("storage"))
    assert watched.share() == URGENT


@given(st.lists(st.sampled_from([0, 1000]), max_size=40), st.integers(0, 3))
def test_the_whole_rate_and_other_email_are_never_used_at_once(waiting: Sequence[int], closing: int) -> None:
    """A sender runs at most LONGEST_RUN. Those of other email start until their source is off."""
    watched = Watched(closing)
    ends = NOW
    for each in waiting:
        watched.minute(each)
        if watched.share() == 1:
            assert watched.now >= watched.started + LONGEST_RUN
            ends = watched.now + LONGEST_RUN
        if not watched.other.is_off():
            assert watched.now > ends, "a sender that began with the whole rate may still run"
