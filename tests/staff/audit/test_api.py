"""Bob has the right `manage` and reads the audit trail."""

from urllib.parse import quote

import pytest

from chalicelib.core.rights import Right
from chalicelib.staff.audit.model import Action, Actor
from chalicelib.staff.audit.record import record
from tests.actors import MINUTE, NOW, bobs_token
from tests.served import Served

BOB, CARLA = (Actor(token_id=name * 4, owner=name, source_ip="192.0.2.7") for name in ("bob", "carla"))


@pytest.fixture
def recorded(served: Served) -> Served:
    for minutes, actor in enumerate([BOB, CARLA, BOB]):
        record(
            actor, Action(name="petition.edited", subject=f"action-{minutes}"), NOW - minutes * MINUTE, served.tables
        )
    return served


def subjects(served: Served, query: str) -> list[str]:
    token = bobs_token(served.tables, NOW, Right.MANAGE)
    answer = served.get(f"/api/staff/audit{query}", authorization=f"Bearer {token}")
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
    recorded: Served, query: str, found: list[str]
) -> None:
    assert subjects(recorded, query) == found


def test_a_page_has_the_cursor_of_the_next(recorded: Served) -> None:
    token = bobs_token(recorded.tables, NOW, Right.MANAGE)
    first = recorded.get("/api/staff/audit?limit=2", authorization=f"Bearer {token}").json_body
    assert subjects(recorded, f"?limit=2&after={quote(first['next'])}") == ["action-2"]


ODD = [
    *("?limit=0", "?limit=many", "?limit=501", "?limit=0000000010000000000000000000", "?from=soon", "?to=2026-13-01"),
    *("?from=0001-01-01", "?to=9999-12-31T23:59:59-14:00", "?after=x", "?after=2026-W01", "?after=9999-12-31"),
]


@pytest.mark.parametrize("query", ODD)
def test_an_invalid_query_names_its_field(recorded: Served, query: str) -> None:
    token = bobs_token(recorded.tables, NOW, Right.MANAGE)
    answer = recorded.get(f"/api/staff/audit{query}", authorization=f"Bearer {token}")
    assert answer.status_code == 422
    assert answer.json_body["errors"][0]["field"] == query[1:].partition("=")[0]


def test_an_action_has_a_description(recorded: Served) -> None:
    token = bobs_token(recorded.tables, NOW, Right.MANAGE)
    entries = recorded.get("/api/staff/audit", authorization=f"Bearer {token}").json_body["entries"]
    assert {(entry["action"], entry["description"]) for entry in entries} == {("petition.edited", "Edited a petition")}
