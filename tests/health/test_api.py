"""The health route for staff."""

from datetime import timedelta
from typing import Any

from chalicelib.health.words import SHOWN_FOR, Readiness, store_readiness
from chalicelib.mail.sending import pause_after_refusal, pause_mail, resume_mail
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


def test_a_past_pause_is_not_reported(fake_site: FakeSite) -> None:
    pause_after_refusal(NOW - DAY, fake_site.tables)
    assert health(fake_site)["mail"]["paused_until"] is None


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
