"""The taps follow what is written down, whatever state they and the watch were left in."""

from collections.abc import Sequence

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.mail.pause import PAUSE, pause_mail
from chalicelib.mail.watch import NEARLY_NONE, watch
from tests.actors import NOW
from tests.fakes import FakeQueue, FakeSource, FakeTables

EVERY_STATE = [(first, second) for first in (True, False) for second in (True, False)]


def looked(taps: Sequence[FakeSource], tables: FakeTables, waiting: int = 0, later: bool = False) -> tuple[bool, ...]:
    queue = FakeQueue()
    queue.messages = [{}] * waiting
    now = NOW + PAUSE if later else NOW
    told = watch(taps[0], taps[1], queue, now, tables)
    assert told == tuple(tap.is_open for tap in taps)
    return told


def taps_in(states: Sequence[bool]) -> list[FakeSource]:
    taps = [FakeSource(), FakeSource()]
    for tap, state in zip(taps, states, strict=True):
        tap.is_open = state
    return taps


@pytest.mark.parametrize("states", EVERY_STATE)
def test_whatever_was_left_a_pause_shuts_both_and_its_end_opens_both(
    tables: FakeTables, states: tuple[bool, bool]
) -> None:
    taps = taps_in(states)
    pause_mail(NOW, tables)
    assert looked(taps, tables) == (False, False)
    assert looked(taps, tables, later=True) == (True, True)


@pytest.mark.parametrize("states", EVERY_STATE)
def test_other_mail_flows_only_while_hardly_a_confirmation_waits(tables: FakeTables, states: tuple[bool, bool]) -> None:
    taps = taps_in(states)
    assert looked(taps, tables, NEARLY_NONE + 1) == (True, False)
    assert looked(taps, tables, NEARLY_NONE) == (True, True)


def test_a_watch_that_crashes_between_the_taps_is_put_right_by_the_next(tables: FakeTables) -> None:
    class Stuck(FakeSource):
        def turn(self, *, is_open: bool) -> bool:
            raise Unavailable("source")

    first, second = FakeSource(), FakeSource()
    pause_mail(NOW, tables)
    with pytest.raises(Unavailable):
        watch(first, Stuck(), FakeQueue(), NOW, tables)
    assert looked([first, second], tables) == (False, False)
