"""Tokens: Bob has the right `manage` and can give only rights that he has. They are recognised until they expire."""

import json
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.core.rights import Right
from chalicelib.core.times import iso
from chalicelib.staff.tokens import TOKEN, UnknownToken, find_token, issue, recognise
from tests.actors import DAY, MINUTE, NOW, bobs_token
from tests.asking import actions, ask, audit_records
from tests.fake_site import FakeSite
from tests.fakes import FakeTables, throttle


@pytest.fixture
def token(fake_site: FakeSite) -> str:
    return bobs_token(fake_site.tables, NOW, Right.MANAGE, Right.COUNTS)


def a_token_request(**changes: Any) -> dict[str, Any]:
    return {"owner": "carla", "rights": ["counts"], "days": 1} | changes


def test_a_token_is_issued_shown_once_and_audited(fake_site: FakeSite, token: str) -> None:
    answer = ask(fake_site, token, "POST", "/api/staff/tokens", a_token_request())
    assert answer.status_code == 201
    assert recognise(f"Bearer {answer.json_body['token']}", NOW, fake_site.tables).owner == "carla"
    listed = ask(fake_site, token, "GET", "/api/staff/tokens").json_body["tokens"]
    assert {each["owner"] for each in listed} == {"bob", "carla"}
    secret = answer.json_body["token"].split("_")[2]
    assert secret not in json.dumps(listed)
    assert "sha256" not in json.dumps(listed)
    [entry] = audit_records(fake_site)
    assert (entry.actor.owner, entry.action.name) == ("bob", "token.issued")
    assert entry.action.details == {"owner": "carla", "rights": "counts", "expires": "2026-11-25T12:00:00Z"}
    assert entry.action.subject == answer.json_body["token_id"]


def test_a_right_can_only_be_given_by_someone_who_has_it(fake_site: FakeSite, token: str) -> None:
    answer = ask(fake_site, token, "POST", "/api/staff/tokens", a_token_request(rights=["counts", "people"]))
    assert answer.status_code == 403
    assert "your own token" in answer.json_body["detail"]
    assert actions(fake_site) == []


@pytest.mark.parametrize("days", [2, 3650])
def test_a_token_cannot_outlive_the_token_that_issues_it(fake_site: FakeSite, token: str, days: int) -> None:
    answer = ask(fake_site, token, "POST", "/api/staff/tokens", a_token_request(days=days))
    assert answer.status_code == 403
    assert "valid until 25 November 2026, 12:00 UTC" in answer.json_body["detail"]
    assert actions(fake_site) == []


@pytest.mark.parametrize(("lifetime", "expected"), [(timedelta(hours=8), timedelta(hours=8)), (100 * DAY, 90 * DAY)])
def test_without_days_a_token_is_valid_for_90_days_or_as_long_as_its_issuer(
    fake_site: FakeSite, lifetime: timedelta, expected: timedelta
) -> None:
    token = issue("bob", [Right.MANAGE, Right.COUNTS], NOW, NOW + lifetime, fake_site.tables)
    body = {"owner": "carla", "rights": ["counts"]}
    answer = ask(fake_site, token, "POST", "/api/staff/tokens", body)
    assert answer.json_body["expires_at"] == iso(NOW + expected)


def test_without_an_audit_entry_no_token_is_issued(
    fake_site: FakeSite, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dict(fake_site.tables.items)
    monkeypatch.setattr(fake_site.tables, "put_new", throttle)
    assert ask(fake_site, token, "POST", "/api/staff/tokens", a_token_request()).status_code == 503
    assert fake_site.tables.items.keys() == before.keys()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"owner": " "}, "owner"),
        ({"rights": []}, "rights"),
        ({"rights": ["everything"]}, "rights.0"),
        ({"days": 0}, "days"),
        ({"secret": "x"}, "secret"),
    ],
)
def test_an_invalid_token_request_names_its_field(
    fake_site: FakeSite, token: str, change: dict[str, Any], field: str
) -> None:
    answer = ask(fake_site, token, "POST", "/api/staff/tokens", a_token_request(**change))
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json_body["errors"]] == [field]


def test_a_revoked_token_is_refused_and_revoking_is_idempotent(fake_site: FakeSite, token: str) -> None:
    other_token = bobs_token(fake_site.tables)
    path = f"/api/staff/tokens/{other_token.split('_')[1]}"
    first, second = ask(fake_site, token, "DELETE", path), ask(fake_site, token, "DELETE", path)
    assert first.status_code == second.status_code == 200
    assert first.json_body == second.json_body
    assert first.json_body["usable"] is False
    with pytest.raises(UnknownToken):
        recognise(f"Bearer {other_token}", NOW, fake_site.tables)
    assert ask(fake_site, token, "DELETE", "/api/staff/tokens/nobody").status_code == 404


def test_nobody_revokes_a_token_with_more_rights_than_their_own(fake_site: FakeSite, token: str) -> None:
    managers_token = bobs_token(fake_site.tables, NOW, Right.MANAGE)
    answer = ask(fake_site, managers_token, "DELETE", f"/api/staff/tokens/{token.split('_')[1]}")
    assert answer.status_code == 403
    assert recognise(f"Bearer {token}", NOW, fake_site.tables).revoked_at is None
    own = f"/api/staff/tokens/{managers_token.split('_')[1]}"
    assert ask(fake_site, managers_token, "DELETE", own).status_code == 200


def test_every_token_can_read_its_owner_rights_and_last_use(fake_site: FakeSite) -> None:
    token = bobs_token(fake_site.tables, NOW, Right.PEOPLE)
    for minutes, used in ((0, 0), (5, 0), (10, 10)):
        fake_site.clock.moment = NOW + minutes * MINUTE
        me = ask(fake_site, token, "GET", "/api/staff/me").json_body
        assert (me["owner"], me["rights"], me["usable"]) == ("bob", ["people"], True)
        assert me["routes"]["POST /api/staff/people/find"] == "people"
        assert me["last_used_at"] == (NOW + used * MINUTE).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", " Bearer ", "Bearer  "])
def test_the_scheme_ignores_case_and_spaces(tables: FakeTables, scheme: str) -> None:
    assert recognise(f"{scheme} {bobs_token(tables)}", NOW, tables)


def test_a_stolen_table_contains_no_usable_token(tables: FakeTables) -> None:
    token = bobs_token(tables)
    _, _, secret = token.split("_")
    (item,) = tables.items.values()
    assert secret not in json.dumps(item)
    for value in item.values():
        with pytest.raises(UnknownToken):
            recognise(f"Bearer staff_{item['token_id']}_{value}", NOW, tables)


def test_a_damaged_token_is_refused(tables: FakeTables) -> None:
    token = bobs_token(tables)
    shorter, other = token[:-1], "1" if token[-1] == "0" else "0"
    for damaged in (shorter, f"{token}0", shorter + other, token.upper(), token.replace("staff_", "stuff_")):
        with pytest.raises(UnknownToken):
            recognise(f"Bearer {damaged}", NOW, tables)


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Basic x", "Bearer é", "Bearer \x00", "staff_" + "0" * 16 + "_" + "0" * 64]
)
def test_a_malformed_header_is_refused_without_a_read(tables: FakeTables, header: str) -> None:
    with pytest.raises(UnknownToken):
        recognise(header, NOW, tables)
    assert tables.calls == []


def test_a_token_expires_to_the_second(tables: FakeTables) -> None:
    header = f"Bearer {bobs_token(tables)}"
    assert recognise(header, NOW + DAY * 0.9999, tables)
    with pytest.raises(UnknownToken):
        recognise(header, NOW + DAY, tables)


def test_tokens_differ_and_can_be_found_by_secret_scanners(tables: FakeTables) -> None:
    tokens = {issue("bob", [Right.COUNTS], NOW, NOW + DAY, tables) for _ in range(20)}
    assert len(tokens) == 20
    for token in tokens:
        assert TOKEN.fullmatch(token)


@pytest.mark.parametrize("token_id", ["", "x" * 2000, "0" * 15, "\0" * 16])
def test_a_malformed_id_is_not_looked_up(tables: FakeTables, token_id: str) -> None:
    tables.fail_next(Unavailable("storage"))
    assert find_token(token_id, tables) is None
