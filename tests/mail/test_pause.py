"""The pause is one item: it begins, is prolonged, and ends by itself."""

from datetime import timedelta

from chalicelib.mail.pause import PAUSE, is_paused, pause_mail, resume_mail
from tests.actors import NOW
from tests.fakes import FakeTables

SECOND = timedelta(seconds=1)


def test_nothing_is_paused_until_somebody_says_so(tables: FakeTables) -> None:
    assert not is_paused(NOW, tables)


def test_a_pause_ends_by_itself(tables: FakeTables) -> None:
    assert pause_mail(NOW, tables) == NOW + PAUSE
    assert is_paused(NOW + PAUSE - SECOND, tables)
    assert not is_paused(NOW + PAUSE, tables)


def test_a_later_refusal_prolongs_it(tables: FakeTables) -> None:
    pause_mail(NOW, tables)
    pause_mail(NOW + SECOND, tables)
    assert is_paused(NOW + PAUSE, tables)


def test_an_engineer_ends_it_at_once(tables: FakeTables) -> None:
    pause_mail(NOW, tables, timedelta(days=3))
    resume_mail(NOW, tables)
    assert not is_paused(NOW, tables)
