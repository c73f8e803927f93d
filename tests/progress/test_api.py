"""The progress on the page and in the JSON."""

from datetime import datetime, timedelta

import pytest

from chalicelib.core.caching import forget_all
from tests.actors import DAY, NOW, a_published_petition, confirmed
from tests.fake_site import FakeSite

PROGRESS_PATH = "/api/petitions/safe-children/progress"
PAGE_PATH = "/petitions/safe-children"


def test_the_page_shows_the_numbers_that_the_last_request_for_the_progress_stored(fake_site: FakeSite) -> None:
    confirmed(fake_site.tables, a_published_petition(fake_site.tables))
    assert "Progress so far" not in fake_site.get(PAGE_PATH).body.decode()
    answer = fake_site.get(PROGRESS_PATH)
    assert (answer.json_body["today"], answer.json_body["last_24_hours"], answer.json_body["areas"]) == (1, 1, [])
    assert answer.json_body["as_of"] == "2026-11-24T12:00:00Z"
    assert "public, max-age=60" in answer.headers["Cache-Control"]
    fake_site.clock.forward(timedelta(seconds=1))
    fake_site.tables.calls.clear()
    body = fake_site.get(PAGE_PATH).body.decode()
    assert "<dt>Today</dt><dd data-today>1</dd>" in body
    assert not {"update", "put", "transact"} & {*fake_site.tables.calls}, "a fresh page writes nothing"


@pytest.mark.parametrize(
    ("counted_at", "read_at", "is_hidden"),
    [
        ("2026-11-24T12:00:00Z", "2026-11-24T12:59:59Z", False),
        ("2026-11-24T12:00:00Z", "2026-11-24T13:00:00Z", True),
        ("2026-11-24T23:59:00Z", "2026-11-25T00:00:00Z", True),
        ("2026-11-24T12:00:00Z", "2027-02-24T12:00:00Z", True),
    ],
)
def test_the_page_does_not_call_old_numbers_those_of_today(
    fake_site: FakeSite, counted_at: str, read_at: str, is_hidden: bool
) -> None:
    """Only a script's request counts again, and few people may read the page."""
    fake_site.clock.moment = datetime.fromisoformat(counted_at)
    confirmed(fake_site.tables, a_published_petition(fake_site.tables), now=fake_site.clock())
    fake_site.get(PROGRESS_PATH)
    fake_site.clock.moment = datetime.fromisoformat(read_at)
    forget_all()
    body = fake_site.get(PAGE_PATH).body.decode()
    attribute = " hidden" if is_hidden else ""
    for name in ("Today</dt><dd data-today", "Last 24 hours</dt><dd data-last-day"):
        assert f"<div{attribute}><dt>{name}>1</dd></div>" in body


def test_the_page_shows_what_happened_after_closing(fake_site: FakeSite) -> None:
    a_published_petition(
        fake_site.tables,
        closes_at=NOW - DAY,
        handed_in_at=NOW - DAY / 2,
        responded_at=NOW,
        response="We will act.\n\nSoon.",
    )
    forget_all()
    body = fake_site.get(PAGE_PATH).body.decode()
    for text in ("Handed in on", "24 November 2026", "Response received on", "<p>We will act.</p>", "<p>Soon.</p>"):
        assert text in body
    assert body.index("This petition is closed.") < body.index("<h1>"), "the page says so at the top"
    fields = fake_site.get("/api/petitions/safe-children").json_body
    assert (fields["responded_at"], fields["response"]) == ("2026-11-24T12:00:00Z", "We will act.\n\nSoon.")
