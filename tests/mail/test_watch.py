"""The watch sets both event sources from the stored pause, in any state they were left in."""

from collections.abc import Sequence

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.mail.sending import PAUSE, pause_after_refusal, sending
from chalicelib.mail.watch import MAX_URGENT_WAITING, OTHER_EMAIL_STOPS_AT, watch
from tests.actors import NOW
from tests.fake_mailer import FakeQuota
from tests.fakes import FakeQueue, FakeSource, FakeTables

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


def test_first_emails_that_wait_for_their_network_do_not_stop_other_email(tables: FakeTables) -> None:
    sources = sources_in((True, True))
    assert run_watch(sources, tables, MAX_URGENT_WAITING, delayed=1000) == (True, True)
    assert run_watch(sources, tables, MAX_URGENT_WAITING + 1, delayed=1000) == (True, False)


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


def test_the_next_run_repairs_a_run_that_crashed_between_the_sources(tables: FakeTables) -> None:
    class SwitchFails(FakeSource):
        def switch(self, *, is_on: bool) -> bool:
            raise Unavailable("source")

    first, second = FakeSource(), FakeSource()
    pause_after_refusal(NOW, tables)
    with pytest.raises(Unavailable):
        watch(first, SwitchFails(), FakeQueue(), FakeQuota(), NOW, tables)
    assert run_watch([first, second], tables) == (False, False)
