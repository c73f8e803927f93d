"""The health messages for campaign staff."""

from datetime import UTC, datetime

import pytest

from chalicelib.health.words import Health, HealthFacts, messages, worst_level
from chalicelib.mail.sending import Pause
from chalicelib.shedding.level import Level

HEALTHY = HealthFacts(mail_waiting=3, emails_per_second=10, pause=None, overflow_waiting=0, load_shedding=Level.NORMAL)
AT_21_05 = datetime(2026, 11, 24, 21, 5, tzinfo=UTC)


def level_and_text(**changes: object) -> tuple[Health, str]:
    found = messages(HealthFacts(**{**vars(HEALTHY), **changes}))
    return worst_level(found), " ".join(message.text for message in found)


@pytest.mark.parametrize(
    ("waiting", "level", "words"),
    [
        (8_999, Health.GOOD, "Everything works"),
        (9_000, Health.WARNING, "9,000 emails are waiting. Sending them takes about 15 minutes. No email is lost."),
        (108_000, Health.WARNING, "about 3 hours"),
        (863_999, Health.WARNING, "about 24 hours"),
        (864_000, Health.BAD, "864,000 emails are waiting. Sending them takes about 24 hours."),
        (5_184_000, Health.BAD, "about 6 days. No email is lost. Ask your engineer"),
    ],
)
def test_a_backlog_is_reported_with_its_duration(waiting: int, level: Health, words: str) -> None:
    found, text = level_and_text(mail_waiting=waiting)
    assert found is level
    assert words in text


def test_a_pause_says_when_sending_resumes() -> None:
    level, text = level_and_text(pause=Pause(AT_21_05, is_by_engineer=False), mail_waiting=120)
    assert level is Health.WARNING
    assert "try again on 24 November at 21:05 UTC" in text
    assert "120 emails are waiting. No email is lost." in text


def test_staff_are_told_that_updates_wait_while_the_rest_of_the_quota_is_for_people_who_sign() -> None:
    level, text = level_and_text(is_quota_reserved=True)
    assert level is Health.WARNING
    assert "Updates, letters and other emails wait" in text


def test_signatures_in_the_overflow_queue_are_safe() -> None:
    level, text = level_and_text(overflow_waiting=1_200)
    assert level is Health.WARNING
    assert "1,200 signatures are safe" in text


@pytest.mark.parametrize("shedding", [level for level in Level if level is not Level.NORMAL])
def test_every_shedding_level_has_a_message(shedding: Level) -> None:
    level, text = level_and_text(load_shedding=shedding)
    assert level is Health.WARNING
    assert "Nothing needs to be done" in text


def test_the_worst_message_is_first() -> None:
    found = messages(HealthFacts(9_000_000, 10, Pause(AT_21_05, is_by_engineer=False), 5, Level.ACCEPT_ONLY))
    assert [message.level for message in found] == [Health.BAD, *[Health.WARNING] * 3]
