"""The pause is one item: it starts, can be extended, and ends at its time."""

from datetime import timedelta

from chalicelib.mail.pause import PAUSE, current_pause, is_paused, pause_after_refusal, pause_mail, resume_mail
from tests.actors import NOW
from tests.fakes import FakeTables

SECOND = timedelta(seconds=1)


def test_sending_is_not_paused_at_first(tables: FakeTables) -> None:
    assert not is_paused(NOW, tables)


def test_a_pause_ends_after_an_hour(tables: FakeTables) -> None:
    pause_after_refusal(NOW, tables)
    assert is_paused(NOW + PAUSE - SECOND, tables)
    assert not is_paused(NOW + PAUSE, tables)


def test_a_refusal_after_the_pause_pauses_again(tables: FakeTables) -> None:
    pause_after_refusal(NOW, tables)
    pause_after_refusal(NOW + SECOND, tables)
    assert not is_paused(NOW + PAUSE, tables)
    pause_after_refusal(NOW + PAUSE, tables)
    assert is_paused(NOW + PAUSE, tables)


def test_a_refusal_by_ses_does_not_shorten_the_pause_of_an_engineer(tables: FakeTables) -> None:
    """A sender may have read "no pause" just before the engineer paused sending."""
    for duration in (PAUSE, timedelta(days=2)):
        until = pause_mail(NOW, duration, tables)
        pause_after_refusal(NOW + SECOND, tables)
        assert current_pause(NOW + SECOND, tables) == (until, True)


def test_an_engineer_can_shorten_the_pause(tables: FakeTables) -> None:
    pause_mail(NOW, timedelta(days=2), tables)
    pause_mail(NOW, PAUSE, tables)
    assert not is_paused(NOW + PAUSE, tables)


def test_an_engineer_can_end_the_pause(tables: FakeTables) -> None:
    pause_mail(NOW, timedelta(days=3), tables)
    resume_mail(NOW, tables)
    assert not is_paused(NOW - SECOND, tables)
