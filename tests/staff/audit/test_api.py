"""Bob has the right `manage` and reads the activity log."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from chalice.test import HTTPResponse

from chalicelib.core.errors import Unavailable
from chalicelib.core.rights import Right
from chalicelib.petitions.form import EDITABLE
from chalicelib.petitions.model import Petition
from chalicelib.staff.audit.record import Action, Actor, entries, record
from chalicelib.staff.tokens import issue
from tests import asking
from tests.actors import MINUTE, NOW, bobs_token
from tests.fake_site import FakeSite
from tests.fakes import FakeTables

BOB, CARLA = (Actor(token_id=name * 4, owner=name, source_ip="192.0.2.7") for name in ("bob", "carla"))


@pytest.fixture
def site_with_entries(fake_site: FakeSite) -> FakeSite:
    for minutes, actor in enumerate([BOB, CARLA, BOB]):
        action = Action(name="petition.edited", subject=f"action-{minutes}")
        record(actor, action, NOW - minutes * MINUTE, fake_site.tables)
    return fake_site


def ask(fake_site: FakeSite, method: str, path: str, body: object = None) -> HTTPResponse:
    return asking.ask(fake_site, bobs_token(fake_site.tables, NOW, *Right), method, f"/api/staff{path}", body)


def subjects(fake_site: FakeSite, query: str) -> list[str]:
    answer = ask(fake_site, "GET", f"/audit{query}")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    return [entry["subject"] for entry in answer.json_body["entries"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["action-0", "action-1", "action-2"]),
        ("?actor=bob", ["action-0", "action-2"]),
        ("?limit=2", ["action-0", "action-1"]),
        ("?to=2026-11-24T11:59:00Z", ["action-1", "action-2"]),
        ("?from=2026-11-24T11:59:00", ["action-0", "action-1"]),
        ("?from=2026-11-25", []),
    ],
)
def test_the_audit_trail_is_read_newest_first_and_can_be_filtered(
    site_with_entries: FakeSite, query: str, found: list[str]
) -> None:
    assert subjects(site_with_entries, query) == found


def test_a_page_has_the_cursor_of_the_next_page(site_with_entries: FakeSite) -> None:
    first = ask(site_with_entries, "GET", "/audit?limit=2").json_body
    assert subjects(site_with_entries, f"?limit=2&after={quote(first['next'])}") == ["action-2"]


@pytest.mark.parametrize("query", ["?limit=3", "?limit=2&actor=bob"])
def test_a_last_page_that_is_full_has_no_cursor(site_with_entries: FakeSite, query: str) -> None:
    page = ask(site_with_entries, "GET", f"/audit{query}").json_body
    assert (len(page["entries"]), "next" in page) == (int(query[7]), False)


INVALID_QUERIES = [
    *("?limit=0", "?limit=many", "?limit=501", "?limit=0000000010000000000000000000", "?from=soon", "?to=2026-13-01"),
    *("?from=0001-01-01", "?to=9999-12-31T23:59:59-14:00", "?after=x", "?after=2026-W01", "?after=9999-12-31"),
]


@pytest.mark.parametrize("query", INVALID_QUERIES)
def test_an_invalid_query_names_its_field(site_with_entries: FakeSite, query: str) -> None:
    answer = ask(site_with_entries, "GET", f"/audit{query}")
    assert answer.status_code == 422
    assert answer.json_body["errors"][0]["field"] == query[1:].partition("=")[0]


def test_entries_are_newest_first_across_months_and_years(tables: FakeTables) -> None:
    moments = [datetime(2025, 12, 31, 23, 59, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC), NOW]
    for moment in moments:
        record(BOB, Action(name="petition.edited"), moment, tables)
    found = [entry.at for entry in entries(datetime(2025, 6, 1, tzinfo=UTC), NOW, tables)]
    assert found == moments[::-1]
    assert [entry.at for entry in entries(moments[1], NOW, tables)] == moments[:0:-1]


def log_entries(fake_site: FakeSite) -> Any:
    return ask(fake_site, "GET", "/audit").json_body["entries"]


def test_a_refused_export_is_not_listed_as_done(fake_site: FakeSite, petition: Petition) -> None:
    path = f"/petitions/{petition.slug}/exports"
    assert [ask(fake_site, "POST", path, {}).status_code for _ in range(2)] == [202, 409]
    fake_site.clock.forward(MINUTE)
    logged = log_entries(fake_site)
    assert [entry["action"] for entry in logged] == ["export.requested"] * 2
    [refused] = [entry for entry in logged if entry["refused"]]
    assert "export" in refused["refused"]


def test_a_petition_whose_slug_is_taken_is_not_listed_as_created(fake_site: FakeSite, petition: Petition) -> None:
    body = {**petition.model_dump(include={"slug", *EDITABLE}, exclude={"opened_at", "closes_at"})}
    assert ask(fake_site, "POST", "/petitions", body).status_code == 422
    [entry] = log_entries(fake_site)
    assert entry["action"] == "petition.created"
    assert entry["refused"].endswith("Another petition already has this address.")


def test_an_action_that_failed_in_an_outage_is_not_listed_as_refused(fake_site: FakeSite, petition: Petition) -> None:
    fake_site.jobs.fail_next(Unavailable("queue"))
    assert ask(fake_site, "POST", f"/petitions/{petition.slug}/exports", {}).status_code == 503
    assert [entry["refused"] for entry in log_entries(fake_site)] == [None]


def test_the_log_says_whose_token_was_revoked(fake_site: FakeSite) -> None:
    token = issue("Dora", [Right.COUNTS], NOW, NOW + MINUTE, fake_site.tables).split("_")[1]
    assert ask(fake_site, "DELETE", f"/tokens/{token}").status_code == 200
    [entry] = log_entries(fake_site)
    assert entry["description"] == "Revoked a token"
    assert {"name": "Token", "value": token} in entry["facts"]
    assert {"name": "Owner", "value": "Dora"} in entry["facts"]
