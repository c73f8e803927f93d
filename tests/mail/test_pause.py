"""The pause is one item: it starts, can be extended, and ends at its time."""

from datetime import timedelta

from chalicelib.mail.pause import PAUSE, current_pause, is_paused, pause_mail, resume_mail
from tests.actors import NOW
from tests.fakes import FakeTables

SECOND = timedelta(seconds=1)


def test_sending_is_not_paused_at_first(tables: FakeTables) -> None:
    assert not is_paused(NOW, tables)


def test_a_pause_ends_after_an_hour(tables: FakeTables) -> None:
    assert pause_mail(NOW, tables) == NOW + PAUSE
    assert is_paused(NOW + PAUSE - SECOND, tables)
    assert not is_paused(NOW + PAUSE, tables)


def test_a_refusal_after_the_pause_pauses_again(tables: FakeTables) -> None:
    pause_mail(NOW, tables)
    pause_mail(NOW + SECOND, tables)
    assert not is_paused(NOW + PAUSE, tables)
    pause_mail(NOW + PAUSE, tables)
    assert is_paused(NOW + PAUSE, tables)


def test_a_refusal_by_ses_does_not_shorten_the_pause_of_an_engineer(tables: FakeTables) -> None:
    """A sender may have read "no pause" just before the engineer paused sending."""
    for duration in (PAUSE, timedelta(days=2)):
        until = pause_mail(NOW, tables, duration, by_engineer=True)
        pause_mail(NOW + SECOND, tables)
        assert current_pause(NOW + SECOND, tables) == (until, True)


def test_an_engineer_can_shorten_the_pause(tables: FakeTables) -> None:
    pause_mail(NOW, tables, timedelta(days=2), by_engineer=True)
    pause_mail(NOW, tables, PAUSE, by_engineer=True)
    assert not is_paused(NOW + PAUSE, tables)


def test_an_engineer_can_end_the_pause(tables: FakeTables) -> None:
    pause_mail(NOW, tables, timedelta(days=3))
    resume_mail(NOW, tables)
    assert not is_paused(NOW - SECOND, tables)
