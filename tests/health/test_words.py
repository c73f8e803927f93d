"""The health messages for campaign staff."""

from datetime import UTC, datetime

import pytest

from chalicelib.health.words import Health, HealthFacts, messages, worst_level
from chalicelib.mail.sending import Pause
from chalicelib.shedding.level import Level

HEALTHY = HealthFacts(mail_waiting=3, emails_per_second=10, pause=None, overflow_waiting=0, load_shedding=Level.NORMAL)
PAUSE = Pause(datetime(2026, 11, 24, 21, 5, tzinfo=UTC), is_by_engineer=False)


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


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"pause": PAUSE, "mail_waiting": 120}, "at 21:05 UTC. 120 emails are waiting. No email is lost."),
        ({"is_quota_reserved": True}, "Updates, letters and other emails wait"),
        ({"overflow_waiting": 1_200}, "1,200 signatures are safe"),
        *(({"load_shedding": level}, "Nothing needs to be done") for level in Level if level is not Level.NORMAL),
    ],
)
def test_whatever_waits_is_safe(facts: dict[str, object], words: str) -> None:
    level, text = level_and_text(**facts)
    assert level is Health.WARNING
    assert words in text


def test_the_worst_message_is_first() -> None:
    found = messages(HealthFacts(9_000_000, 10, PAUSE, 5, Level.ACCEPT_ONLY))
    assert [message.level for message in found] == [Health.BAD, *[Health.WARNING] * 3]
