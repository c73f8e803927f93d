"""Bob asks how the site is."""

from datetime import timedelta
from typing import Any

from chalicelib.mail.pause import pause_mail
from chalicelib.petitions.model import Petition
from chalicelib.shedding.level import Level, shed
from chalicelib.tallies.prove import COUNT, DAYS, HOURS, adjust
from tests.actors import DAY, NOW, bobs_token
from tests.served import Served


def health(served: Served) -> Any:
    token = bobs_token(served.tables, served.clock())
    return served.get("/api/staff/health", authorization=f"Bearer {token}").json_body


def test_a_site_that_is_well_says_so(served: Served) -> None:
    assert health(served) == {
        "level": "good",
        "messages": [{"level": "good", "text": "Everything works. Nothing needs to be done."}],
        "mail": {"waiting": 0, "oldest_seconds": None, "paused_until": None},
        "overflow": {"waiting": 0},
    }


def test_what_waits_is_counted_and_a_pause_is_told(served: Served) -> None:
    served.queue.messages.append({})
    served.other_queue.messages.append({})
    served.overflow.messages.append({})
    until = pause_mail(NOW, served.tables, timedelta(hours=1))
    shed(Level.SNAPSHOT_ONLY, served.tables)
    told = health(served)
    assert told["mail"] == {"waiting": 2, "oldest_seconds": None, "paused_until": f"{until:%Y-%m-%dT%H:%M:%SZ}"}
    assert told["overflow"] == {"waiting": 1}
    assert (told["level"], len(told["messages"])) == ("warning", 3)


def test_a_pause_that_is_over_is_none(served: Served) -> None:
    pause_mail(NOW - DAY, served.tables)
    assert health(served)["mail"]["paused_until"] is None


def test_a_correction_is_told_for_a_day(served: Served, petition: Petition) -> None:
    adjust(petition.slug, {COUNT: 3, DAYS: 3, HOURS: 3}, NOW, served.tables)
    [message] = health(served)["messages"]
    assert f"“{petition.title}” was corrected by -3" in message["text"]
    served.clock.forward(DAY + timedelta(seconds=1))
    assert health(served)["level"] == "good"
