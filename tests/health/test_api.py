"""The health route for staff, and its messages."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.health.words import SHOWN_FOR, Health, HealthFacts, Readiness, messages, store_readiness, worst_level
from chalicelib.mail.sending import Pause, pause_after_refusal, pause_mail, resume_mail
from chalicelib.petitions.model import Petition
from chalicelib.shedding.level import Level, set_level
from chalicelib.tallies.count import exact_count
from chalicelib.tallies.prove import COUNT, DAYS, HOURS, adjust
from tests.actors import DAY, NOW, bobs_token
from tests.fake_site import FakeSite
from tests.tallies.test_close import ClosingRefused


def health(fake_site: FakeSite) -> Any:
    token = bobs_token(fake_site.tables, fake_site.clock())
    return fake_site.get("/api/staff/health", authorization=f"Bearer {token}").json_body


def test_without_problems_the_level_is_good(fake_site: FakeSite) -> None:
    assert health(fake_site) == {
        "level": "good",
        "messages": [{"level": "good", "text": "Everything works. Nothing needs to be done.", "path": None}],
        "mail": {"waiting": 0, "paused_until": None},
        "overflow": {"waiting": 0},
    }


def test_the_result_of_make_ready_is_shown_for_a_week(fake_site: FakeSite) -> None:
    store_readiness(Readiness(is_ready=False, text="The site is not ready.", checked_at=NOW), fake_site.tables)
    warning, good = health(fake_site)["messages"]
    assert warning == {
        "level": "warning",
        "text": "The site is not ready. Checked on 24 November at 12:00 UTC.",
        "path": None,
    }
    assert good["text"] == "Everything works at the moment."
    store_readiness(Readiness(is_ready=True, text="The site is ready.", checked_at=NOW), fake_site.tables)
    assert [message["level"] for message in health(fake_site)["messages"]] == ["good", "good"]
    fake_site.clock.forward(SHOWN_FOR + timedelta(seconds=1))
    assert len(health(fake_site)["messages"]) == 1


def test_waiting_messages_a_pause_and_shedding_are_reported(fake_site: FakeSite) -> None:
    fake_site.queue.messages.append({})
    fake_site.other_queue.messages.append({})
    fake_site.overflow.messages.append({})
    until = pause_mail(NOW, timedelta(hours=1), fake_site.tables)
    set_level(Level.SNAPSHOT_ONLY, fake_site.tables)
    found = health(fake_site)
    assert found["mail"] == {"waiting": 2, "paused_until": f"{until:%Y-%m-%dT%H:%M:%SZ}"}
    assert found["overflow"] == {"waiting": 1}
    assert (found["level"], len(found["messages"])) == ("warning", 3)


def test_a_pause_by_an_engineer_is_not_reported_as_a_limit_of_the_email_service(fake_site: FakeSite) -> None:
    pause_mail(NOW, timedelta(hours=5), fake_site.tables)
    [message] = health(fake_site)["messages"]
    assert "An engineer has paused all email until 24 November at 17:00 UTC" in message["text"]
    assert "limit" not in message["text"]
    resume_mail(NOW, fake_site.tables)
    pause_after_refusal(NOW, fake_site.tables)
    [message] = health(fake_site)["messages"]
    assert "reached its limit. We will try again on 24 November at 13:00 UTC" in message["text"]


def test_a_correction_is_reported_for_a_day(fake_site: FakeSite, petition: Petition) -> None:
    adjust(petition.slug, {COUNT: 3, DAYS: 3, HOURS: 3}, NOW, fake_site.tables)
    [message] = health(fake_site)["messages"]
    assert message["level"] == "warning"
    assert f"“{petition.title}” was corrected by -3" in message["text"]
    fake_site.clock.forward(DAY + timedelta(seconds=1))
    assert health(fake_site)["level"] == "good"


def test_a_day_that_dynamodb_refuses_to_close_is_reported(fake_site: FakeSite, petition: Petition) -> None:
    exact_count(petition, NOW, fake_site.tables)
    exact_count(petition, NOW + DAY, ClosingRefused(fake_site.tables))
    [message] = health(fake_site)["messages"]
    assert message["level"] == "warning"
    assert f"“{petition.title}” is right, but the numbers of 24 November" in message["text"]
    exact_count(petition, NOW + DAY, fake_site.tables)
    assert health(fake_site)["level"] == "good"


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
