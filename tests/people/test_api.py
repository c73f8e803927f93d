"""A person asks about their data. Bob helps within his rights, and every action is audited."""

import json
from typing import Any

import pytest
from chalice.test import HTTPResponse

from chalicelib.core.rights import Right
from chalicelib.people.access import actions_in
from chalicelib.petitions.model import Petition
from chalicelib.staff.audit.model import Action
from chalicelib.staff.audit.record import entries
from chalicelib.tallies.count import exact_count
from tests.actors import (
    ALICE,
    BOB,
    DAY,
    MINUTE,
    NOW,
    a_published_petition,
    bobs_token,
    change_item,
    confirmed,
    item_of,
    request_of,
    signed,
)
from tests.served import JSON, Served
from tests.signatures.test_erase import LEFT
from tests.signatures.test_sign import mailed

FIND = "/api/staff/people/find"


def ask(served: Served, token: str, method: str, path: str, body: object = None) -> HTTPResponse:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": JSON}
    return served.client.http.request(method, path, headers=headers, body=json.dumps(body).encode())


def found(served: Served, token: str, email: str = ALICE.email) -> list[dict[str, Any]]:
    answer = ask(served, token, "POST", FIND, {"email": email})
    assert answer.status_code == 200, answer.body
    signatures: list[dict[str, Any]] = answer.json_body["signatures"]
    return signatures


def at(identity: str, verb: str = "") -> str:
    return f"/api/staff/people/safe-children/{identity}" + (f"/{verb}" if verb else "")


def recorded(served: Served) -> list[Action]:
    return [entry.action for entry in entries(NOW - DAY, NOW + 9 * DAY, served.tables)][::-1]


def test_a_search_finds_an_address_in_every_petition(served: Served, bob: str, petition: Petition) -> None:
    other = a_published_petition(served.tables, slug="another")
    ids = {"safe-children": confirmed(served.tables, petition), "another": signed(served.tables, other)}
    signed(served.tables, petition, BOB)
    signatures = found(served, bob, f" {ALICE.email.upper()} ")
    assert {each["petition"]["slug"]: each["id"] for each in signatures} == ids
    assert {each["state"] for each in signatures} == {"confirmed", "pending"}
    assert {each["person"]["name"] for each in signatures} == {ALICE.name}
    assert recorded(served) == [Action(name="person.found", details=ids)]


def test_a_search_without_results_is_audited_too(served: Served, bob: str) -> None:
    assert found(served, bob) == []
    assert recorded(served) == [Action(name="person.found")]


@pytest.mark.parametrize("body", [{}, {"email": "nobody"}, {"email": 5}, {"email": ALICE.email, "name": "A"}])
def test_an_invalid_address_is_a_field_error(served: Served, bob: str, body: dict[str, Any]) -> None:
    answer = ask(served, bob, "POST", FIND, body)
    assert answer.status_code == 422
    assert ALICE.email not in str(answer.body)
    assert recorded(served) == []


def test_a_signature_is_shown_with_what_staff_need_to_help(served: Served, bob: str, petition: Petition) -> None:
    identity = signed(served.tables, petition)
    mailed(served.tables, petition, identity)
    change_item(served.tables, petition, identity, undeliverable="bounced", restored_at="2026-11-24T12:05:00Z")
    shown = ask(served, bob, "GET", at(identity)).json_body
    assert shown["times"]["restored_at"] == "2026-11-24T12:05:00Z"
    assert shown["person"]["email"] == ALICE.email
    assert (shown["mail"]["sent"], shown["mail"]["undeliverable"]) == (1, "bounced")
    assert shown["times"]["signed_at"] == "2026-11-24T12:00:00Z"
    assert shown["actions"] == ["resend", "access", "withdraw", "erase"]
    assert recorded(served) == [Action(name="person.shown", subject=identity, details={"petition": "safe-children"})]


def test_a_signature_not_confirmed_in_time_is_shown_as_expired(served: Served, bob: str, petition: Petition) -> None:
    identity = signed(served.tables, petition)
    served.clock.forward(61 * DAY)
    token = bobs_token(served.tables, served.clock.moment, Right.PEOPLE)
    assert ask(served, token, "GET", at(identity)).json_body["state"] == "expired"
    assert actions_in("expired") == ["access", "withdraw", "erase"]


def test_the_email_is_sent_again(served: Served, bob: str, petition: Petition) -> None:
    identity = signed(served.tables, petition)
    mailed(served.tables, petition, identity)
    served.clock.forward(5 * MINUTE)
    answer = ask(served, bob, "POST", at(identity, "resend")).json_body
    assert answer == {"mail": True, "outcome": "asked", "message": "The email is on its way.", "due_at": None}
    assert item_of(served.tables, petition, identity)["mail_kind"] == "confirm"


def test_staff_learn_when_an_email_beyond_the_budget_is_sent(served: Served, bob: str, petition: Petition) -> None:
    identity = signed(served.tables, petition)
    for _ in range(2):
        served.deliver("send_mail", [request_of(served.tables, petition, identity).model_dump()])
        served.clock.forward(MINUTE)
        signed(served.tables, petition, now=served.clock())
    assert len(served.mailer.mails) == 2
    answer = ask(served, bob, "POST", at(identity, "resend")).json_body
    assert (answer["mail"], answer["outcome"], answer["due_at"]) == (True, "later", "2026-11-24T12:11:00Z")
    assert "12:11 on 24 November (UTC)" in answer["message"]


@pytest.mark.parametrize(
    ("changes", "word"),
    [({"undeliverable": "complained"}, "refused"), ({"expires_at": 1}, "time")],
)
def test_an_email_that_is_not_sent_has_a_reason(
    served: Served, bob: str, petition: Petition, changes: dict[str, Any], word: str
) -> None:
    identity = signed(served.tables, petition)
    mailed(served.tables, petition, identity)
    change_item(served.tables, petition, identity, **changes)
    answer = ask(served, bob, "POST", at(identity, "resend")).json_body
    assert answer["mail"] is False
    assert word in answer["message"]
    assert "mail_kind" not in item_of(served.tables, petition, identity)


def test_withdrawing_is_idempotent_and_changes_the_count(served: Served, bob: str, petition: Petition) -> None:
    identity = confirmed(served.tables, petition)
    answers = [ask(served, bob, "POST", at(identity, "withdraw")).json_body for _ in range(2)]
    assert answers[0] == answers[1]
    assert (answers[0]["state"], answers[0]["person"]["name"]) == ("withdrawn", None)
    assert answers[0]["actions"] == ["access", "erase"]
    assert exact_count(petition, NOW, served.tables).confirmed == 0


def test_erasing_is_idempotent_and_empties_the_item(served: Served, bob: str, petition: Petition) -> None:
    confirmed(served.tables, petition, BOB)
    identity = confirmed(served.tables, petition)
    answers = [ask(served, bob, "POST", at(identity, "erase")).json_body for _ in range(2)]
    assert answers[0] == answers[1]
    assert (answers[0]["state"], answers[0]["actions"]) == ("erased", ["access"])
    # Erasing deletes when it was signed, so the page must show only when it was erased.
    assert set(answers[0]["times"]) == {"erased_at", "expires_at"}
    assert item_of(served.tables, petition, identity).keys() == LEFT
    assert exact_count(petition, NOW, served.tables).confirmed == 1
