"""Exports over HTTP: Bob requests one, reads its progress and gets a link. Each step is audited first."""

from typing import Any

import pyrage
import pytest

from chalicelib.core.rights import Right
from chalicelib.exports.model import LINK_SECONDS, Column
from chalicelib.petitions.model import Petition
from tests.actors import DAY, NOW, bobs_token
from tests.asking import ask, audit_records
from tests.exporting import a_result, an_export, confirm_crowd, store_export
from tests.fake_site import FakeSite
from tests.fakes import throttle

EXPORTS_URL = "/api/staff/petitions/safe-children/exports"


@pytest.fixture
def token(fake_site: FakeSite) -> str:
    return bobs_token(fake_site.tables, NOW, Right.EXPORT)


def test_an_export_is_requested_and_the_answer_links_to_it(fake_site: FakeSite, petition: Petition, token: str) -> None:
    confirm_crowd(fake_site.tables, petition, 2)
    answer = ask(fake_site, token, "POST", EXPORTS_URL, {})
    assert answer.status_code == 202
    export: dict[str, Any] = answer.json_body
    assert answer.headers["Location"] == f"/api/staff/exports/{export['id']}"
    assert (export["state"], export["rows"], export["of"], export["moment"]) == (
        *("waiting", 0, 2, "2026-11-24T12:00:00Z"),
    )
    assert export["columns"] == ["name", "postcode", "country", "confirmed_at"]
    assert ask(fake_site, token, "GET", answer.headers["Location"]).json_body == export
    listed = ask(fake_site, token, "GET", EXPORTS_URL).json_body
    assert listed["exports"] == [export]
    assert listed["columns"] == list(Column)
    assert (listed["default_columns"], listed["formats"]) == (export["columns"], ["csv", "ndjson"])
    assert (fake_site.jobs.messages, fake_site.jobs.delays) == ([{"kind": "export", "job_id": export["id"]}], [20])


def test_the_request_is_audited_with_its_owner_and_details(fake_site: FakeSite, token: str) -> None:
    key = str(pyrage.x25519.Identity.generate().to_public())
    export = ask(fake_site, token, "POST", EXPORTS_URL, {"recipient": key}).json_body
    [entry] = audit_records(fake_site)
    assert (entry.actor.owner, entry.action.name, entry.action.subject) == ("bob", "export.requested", export["id"])
    assert entry.action.details == {
        "petition": "safe-children",
        "format": "csv",
        "columns": "name,postcode,country,confirmed_at",
        "recipient": key,
    }


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"columns": ["email"]}, "columns.0"),
        ({"columns": []}, "columns"),
        ({"columns": ["name", "name"]}, "columns"),
        ({"format": "xlsx"}, "format"),
        ({"recipient": "age1nonsense"}, "recipient"),
        ({"recipient": "x" * 201}, "recipient"),
        ({"moment": "2026-01-01"}, "moment"),
    ],
)
def test_an_invalid_request_names_its_field_and_has_no_effect(
    fake_site: FakeSite, token: str, body: dict[str, Any], field: str
) -> None:
    answer = ask(fake_site, token, "POST", EXPORTS_URL, body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json_body["errors"]] == [field]
    assert audit_records(fake_site) == []
    assert fake_site.jobs.messages == []


def test_a_private_key_is_refused_and_appears_in_neither_answer_nor_log(
    fake_site: FakeSite, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    secret = str(pyrage.x25519.Identity.generate())
    answer = ask(fake_site, token, "POST", EXPORTS_URL, {"recipient": secret})
    assert answer.status_code == 422
    assert secret not in answer.body.decode() + caplog.text + repr(caplog.records)
    assert secret not in str(fake_site.tables.items)


@pytest.mark.parametrize(("part", "name"), [("file", ".csv"), ("cover", ".pdf")])
def test_a_link_works_for_minutes_and_getting_it_is_audited(
    fake_site: FakeSite, token: str, part: str, name: str
) -> None:
    export = store_export(fake_site.tables, an_export(state="done", result=a_result()))
    answer = ask(fake_site, token, "GET", f"/api/staff/exports/{export.job_id}/{part}")
    assert answer.json_body == {
        "url": f"https://files.invalid/files/x/{part}?name={export.job_id}{name}&seconds={LINK_SECONDS}",
        "expires_at": "2026-11-24T12:15:00Z",
    }
    [entry] = audit_records(fake_site)
    assert (entry.action.name, entry.action.subject) == ("export.fetched", export.job_id)


def test_an_export_is_cancelled_and_the_next_may_start(fake_site: FakeSite, token: str) -> None:
    path = ask(fake_site, token, "POST", EXPORTS_URL, {}).headers["Location"]
    for _ in range(2):
        assert ask(fake_site, token, "DELETE", path).json_body["state"] == "cancelled"
    assert ask(fake_site, token, "GET", path).json_body["state"] == "cancelled"
    assert [entry.action.name for entry in audit_records(fake_site)].count("export.cancelled") == 1
    assert ask(fake_site, token, "POST", EXPORTS_URL, {}).status_code == 202


def test_a_stalled_export_is_shown_with_a_reason_and_cannot_be_cancelled(fake_site: FakeSite, token: str) -> None:
    export = store_export(fake_site.tables, an_export(state="running", touched_at=NOW - DAY))
    path = f"/api/staff/exports/{export.job_id}"
    for method in ("GET", "DELETE", "GET"):
        answer = ask(fake_site, token, method, path)
        assert (answer.status_code, answer.json_body["state"]) == (200, "failed")
        assert answer.json_body["why"] == "The export made no progress for hours and was stopped. Start another"
    assert audit_records(fake_site) == []


@pytest.mark.parametrize("part", ["file", "cover"])
def test_a_head_request_gives_no_link_and_is_not_audited(fake_site: FakeSite, token: str, part: str) -> None:
    export = store_export(fake_site.tables, an_export(state="done", result=a_result()))
    answer = ask(fake_site, token, "HEAD", f"/api/staff/exports/{export.job_id}/{part}")
    assert (answer.status_code, answer.body) == (200, b"")
    assert audit_records(fake_site) == []


def test_no_link_is_given_without_an_audit_entry(
    fake_site: FakeSite, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = store_export(fake_site.tables, an_export(state="done", result=a_result()))
    path = f"/api/staff/exports/{export.job_id}/file"
    monkeypatch.setattr(fake_site.tables, "put_new", throttle)
    answer = ask(fake_site, token, "GET", path)
    assert answer.status_code == 503
    assert "url" not in answer.json_body
