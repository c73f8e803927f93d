"""Staff routes of petitions: Bob runs a petition through its lifecycle, and the public sees the result."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from chalice.test import HTTPResponse

from chalicelib.core.caching import forget_all
from chalicelib.core.errors import Unavailable
from chalicelib.core.rights import Right
from chalicelib.core.times import iso
from chalicelib.petitions.form import EDITABLE, MAX_PETITION_KB
from chalicelib.staff.audit.record import entries
from tests.actors import (
    ALICE,
    DAY,
    NOW,
    WELSH,
    a_petition,
    a_published_petition,
    bobs_token,
    confirmed,
    fields_of,
    json_of,
)
from tests.asking import actions
from tests.fake_site import JSON, FakeSite
from tests.letters.lettering import LETTER, WELSH_LETTER

PETITIONS_URL = "/api/staff/petitions"
PETITION_URL = f"{PETITIONS_URL}/safe-children"


def petition_fields(**changes: Any) -> dict[str, Any]:
    """Return the JSON of the form as staff send it."""
    return {**a_petition().model_dump(include={"slug", *EDITABLE}, exclude={"opened_at", "closes_at"}), **changes}


def ask(fake_site: FakeSite, method: str, path: str, body: object = None, match: str | None = "*") -> HTTPResponse:
    headers = {
        "Authorization": f"Bearer {bobs_token(fake_site.tables, fake_site.clock.moment, Right.MANAGE)}",
        "Content-Type": JSON,
    }
    if match:
        headers["If-Match"] = match
    answer = fake_site.client.http.request(method, path, headers=headers, body=json.dumps(body).encode())
    forget_all()
    return answer


def change_state(fake_site: FakeSite, state: str, **more: str) -> HTTPResponse:
    return ask(fake_site, "POST", f"{PETITION_URL}/state", {"state": state, **more})


@pytest.fixture
def draft(fake_site: FakeSite) -> HTTPResponse:
    fake_site.tables.items.clear()
    forget_all()
    return ask(fake_site, "POST", PETITIONS_URL, petition_fields())


def test_a_new_petition_is_a_draft_hidden_from_the_public(fake_site: FakeSite, draft: HTTPResponse) -> None:
    assert (draft.status_code, draft.headers["Location"], draft.headers["ETag"]) == (201, PETITION_URL, '"1"')
    assert draft.headers["Cache-Control"] == "no-store"
    assert draft.json_body["state"] == "draft"
    assert fake_site.get("/petitions/safe-children").status_code == 404
    read = ask(fake_site, "GET", PETITION_URL)
    assert (read.json_body, read.headers["ETag"]) == (draft.json_body, '"1"')


def test_the_whole_lifecycle_is_public_and_logged(fake_site: FakeSite, draft: HTTPResponse) -> None:
    page = "/petitions/safe-children"
    for state, status in {"open": 200, "paused": 200, "closed": 200}.items():
        assert change_state(fake_site, state).json_body["state"] == state
        assert fake_site.get(page).status_code == status
        assert fake_site.get(f"/api{page}").json_body["state"] == state
    removed = change_state(fake_site, "removed", reason="The law has changed.")
    assert removed.json_body["removed_reason"] == "The law has changed."
    assert fake_site.get(f"/api{page}").json_body["detail"] == "This petition has been taken down. The law has changed."
    assert "The law has changed." in fake_site.get(page).body.decode()
    assert change_state(fake_site, "draft").json_body["revision"] == 6
    assert fake_site.get(page).status_code == 404
    logged = ["created", "opened", "paused", "closed", "removed", "withheld"]
    assert actions(fake_site) == sorted(f"petition.{word}" for word in logged)


def test_the_activity_log_has_revisions_but_no_texts(fake_site: FakeSite, draft: HTTPResponse) -> None:
    ask(fake_site, "PUT", PETITION_URL, petition_fields(title="New"))
    change_state(fake_site, "removed", reason="A secret reason.")
    log = "".join(entry.action.model_dump_json() for entry in entries(NOW - DAY, NOW + DAY, fake_site.tables))
    revisions = {number for number in "0123" if f'"revision":"{number}"' in log}
    assert revisions == {"2", "3"}
    assert "secret" not in log
    assert "New" not in log


def test_a_paused_petition_refuses_signatures_but_allows_confirmation(fake_site: FakeSite) -> None:
    petition = a_published_petition(fake_site.tables, closes_at=NOW + DAY)
    assert change_state(fake_site, "paused").status_code == 200
    body = fake_site.get("/petitions/safe-children").body.decode()
    assert "This petition is paused" in body
    assert "<form" not in body
    answer = fake_site.post_json("/api/petitions/safe-children/signatures", json_of())
    assert (answer.status_code, answer.json_body["state"]) == (409, "paused")
    assert fake_site.post_form("/petitions/safe-children/signatures", fields_of()).status_code == 409
    fake_site.clock.forward(9 * DAY)
    assert confirmed(fake_site.tables, petition, ALICE, NOW)
    assert change_state(fake_site, "open").json_body["closes_at"] == iso(NOW + 10 * DAY)


def test_an_invalid_transition_is_409_with_the_current_state(fake_site: FakeSite) -> None:
    answer = change_state(fake_site, "draft")
    assert (answer.status_code, answer.json_body["state"]) == (409, "open")
    assert actions(fake_site) == []


@pytest.mark.parametrize(
    ("match", "status"),
    [(None, 428), ("", 428), ('"0"', 412), ("1", 412), ('W/"1"', 412), ('"1"', 200), ('"9", "1"', 200), ("*", 200)],
)
def test_a_change_needs_if_match_with_the_current_revision(fake_site: FakeSite, match: str | None, status: int) -> None:
    assert ask(fake_site, "PUT", PETITION_URL, petition_fields(title="New"), match).status_code == status


def test_a_preview_link_shows_the_draft_until_it_expires(fake_site: FakeSite, draft: HTTPResponse) -> None:
    link = ask(fake_site, "POST", f"{PETITION_URL}/preview").json_body
    assert link["expires_at"] == iso(NOW + DAY / 24)
    url = urlsplit(link["url"])
    page = fake_site.get(f"{url.path}?{url.query}")
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store, stale-if-error=0"
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert "This is a preview" in page.body.decode()
    assert "action=" not in page.body.decode()
    assert "petition.previewed" in actions(fake_site)
    fake_site.clock.forward(DAY)
    for query in (url.query, "preview=", "preview=x"):
        answer = fake_site.get(f"{url.path}?{query}")
        assert (answer.status_code, "preview link has expired" in answer.body.decode()) == (404, True)


def test_an_action_that_cannot_be_logged_is_not_done(fake_site: FakeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise Unavailable

    monkeypatch.setattr("chalicelib.staff.authorizer.record", fail)
    assert ask(fake_site, "PUT", PETITION_URL, petition_fields(title="New")).status_code == 503
    assert change_state(fake_site, "closed").status_code == 503
    assert ask(fake_site, "POST", f"{PETITION_URL}/preview").status_code == 503
    assert ask(fake_site, "POST", PETITIONS_URL, petition_fields(slug="new")).status_code == 503
    assert ask(fake_site, "GET", PETITION_URL).json_body["title"] == a_petition().title
    assert ask(fake_site, "GET", f"{PETITIONS_URL}/new").status_code == 404


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
def test_a_closing_time_at_the_limits_of_the_calendar_is_refused(fake_site: FakeSite, time: str) -> None:
    answer = change_state(fake_site, "closed", at=time)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json_body["errors"]] == ["at"]


LONG_TEXT, LONG_BODY = {"text": "t" * 20_000}, {"body": "l" * 3_000}


def test_the_longest_texts_and_letters_in_two_languages_are_saved(fake_site: FakeSite) -> None:
    welsh = {**WELSH, **LONG_TEXT, "letter": WELSH_LETTER | LONG_BODY}
    petition = petition_fields(slug="long", **LONG_TEXT, translations={"cy": welsh}, letter=LETTER | LONG_BODY)
    assert ask(fake_site, "POST", PETITIONS_URL, petition).status_code == 201
    assert ask(fake_site, "PUT", f"{PETITIONS_URL}/long", petition).status_code == 200
    saved = ask(fake_site, "GET", f"{PETITIONS_URL}/long").json_body
    assert saved["translations"]["cy"]["letter"]["body"] == LONG_BODY["body"]


def test_a_larger_petition_is_413(fake_site: FakeSite) -> None:
    answer = ask(fake_site, "POST", PETITIONS_URL, petition_fields(text="t" * MAX_PETITION_KB * 1024))
    assert (answer.status_code, answer.json_body["detail"]) == (413, "The body must be 64 KB or less.")


def test_an_edited_text_is_a_new_version(fake_site: FakeSite) -> None:
    ask(fake_site, "PUT", PETITION_URL, petition_fields(text="We ask for more."))
    versions = ask(fake_site, "GET", f"{PETITION_URL}/versions").json_body["versions"]
    assert {version["text"]: version["current"] for version in versions} == {
        a_petition().text: False,
        "We ask for more.": True,
    }
