"""What a campaigner reads when something is the matter, and when nothing is."""

from datetime import UTC, datetime

import pytest

from chalicelib.health.words import Correction, Facts, Health, messages, worst
from chalicelib.shedding.level import Level

WELL = Facts(mail_waiting=3, pace=10, paused_until=None, overflow_waiting=0, shed=Level.NORMAL)
NINE = datetime(2026, 11, 24, 21, 5, tzinfo=UTC)


def said(**changes: object) -> tuple[Health, str]:
    found = messages(Facts(**{**vars(WELL), **changes}))
    return worst(found), " ".join(message.text for message in found)


def test_when_all_is_well_there_is_nothing_to_do() -> None:
    assert said() == (Health.GOOD, "Everything works. Nothing needs to be done.")


@pytest.mark.parametrize(
    ("waiting", "level", "words"),
    [
        (8_999, Health.GOOD, "Everything works"),
        (9_000, Health.WARNING, "9,000 mails wait, which takes about 15 minutes. None is lost."),
        (108_000, Health.WARNING, "about 3 hours"),
        (863_999, Health.WARNING, "about 24 hours"),
        (864_000, Health.BAD, "864,000 mails wait, which takes about 24 hours at our pace."),
        (5_184_000, Health.BAD, "about 6 days at our pace. None is lost. Ask your engineer"),
    ],
)
def test_a_backlog_is_told_as_the_time_it_takes(waiting: int, level: Health, words: str) -> None:
    found, text = said(mail_waiting=waiting)
    assert found is level
    assert words in text


def test_a_pause_says_when_it_goes_on() -> None:
    level, text = said(paused_until=NINE, mail_waiting=120)
    assert level is Health.WARNING
    assert "tried again at 21:05 UTC" in text
    assert "120 mails wait and none is lost" in text


def test_signatures_that_wait_are_safe() -> None:
    level, text = said(overflow_waiting=1_200)
    assert level is Health.WARNING
    assert "1,200 signatures are safe" in text


@pytest.mark.parametrize("step", [step for step in Level if step is not Level.NORMAL])
def test_every_step_of_shedding_has_its_words(step: Level) -> None:
    level, text = said(shed=step)
    assert level is Health.WARNING
    assert "Nothing needs to be done" in text


def test_a_corrected_count_is_owned_up_to() -> None:
    level, text = said(corrections=[Correction("Safe", NINE, -2)])
    assert level is Health.WARNING
    assert "“Safe” was corrected by -2 at 2026-11-24T21:05:00Z" in text


def test_the_worst_is_said_first() -> None:
    found = messages(Facts(9_000_000, 10, NINE, 5, Level.ACCEPT_ONLY))
    assert [message.level for message in found] == [Health.BAD, *[Health.WARNING] * 3]
