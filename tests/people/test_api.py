"""Somebody asks about their data. Bob helps, as far as his right goes, and every help is written down."""

import json
from typing import Any

import pytest
from chalice.test import HTTPResponse

from chalicelib.core.errors import Unavailable
from chalicelib.people.access import actions_in
from chalicelib.petitions.model import Petition
from chalicelib.petitions.publish import publish
from chalicelib.staff.audit.model import Action
from chalicelib.staff.audit.record import entries
from chalicelib.staff.model import Right
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
    signed,
)
from tests.served import JSON, Served
from tests.signatures.test_erase import LEFT
from tests.signatures.test_sign import mailed

FIND = "/api/staff/people/find"
ACTIONS = {
    "resend": "mail.resent",
    "withdraw": "signature.withdrawn",
    "erase": "signature.erased",
    "access": "access.exported",
}


@pytest.fixture
def bob(served: Served) -> str:
    return bobs_token(served.tables, NOW, Right.PEOPLE)


def ask(served: Served, token: str, method: str, path: str, body: object = None) -> HTTPResponse:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": JSON}
    return served.client.http.request(method, path, headers=headers, body=json.dumps(body).encode())


def found(served: Served, token: str, email: str = ALICE.email) -> list[dict[str, Any]]:
    answer = ask(served, token, "POST", FIND, {"email": email})
    assert answer.status_code == 200, answer.body
    signatures: list[dict[str, Any]] = answer.json_body["signatures"]
    return signatures


def at(identity: str, deed: str = "") -> str:
    return f"/api/staff/people/safe-children/{identity}" + (f"/{deed}" if deed else "")


def deeds(served: Served) -> list[Action]:
    return [entry.action for entry in entries(NOW - DAY, NOW + 9 * DAY, served.tables)][::-1]


def test_somebody_is_found_in_every_petition_by_their_address(served: Served, bob: str, petition: Petition) -> None:
    other = a_published_petition(served.tables, slug="another")
    ids = {"safe-children": confirmed(served.tables, petition), "another": signed(served.tables, other)}
    signed(served.tables, petition, BOB)
    signatures = found(served, bob, f" {ALICE.email.upper()} ")
    assert {each["petition"]["slug"]: each["id"] for each in signatures} == ids
    assert {each["state"] for each in signatures} == {"confirmed", "pending"}
    assert {each["person"]["name"] for each in signatures} == {ALICE.name}
    assert deeds(served) == [Action(name="person.found", details=ids)]


def test_nobody_is_an_empty_list_and_written_down_as_well(served: Served, bob: str) -> None:
    assert found(served, bob) == []
    assert deeds(served) == [Action(name="person.found")]


@pytest.mark.parametrize("body", [{}, {"email": "nobody"}, {"email": 5}, {"email": ALICE.email, "name": "A"}])
def test_what_is_no_address_is_told_by_its_field(served: Served, bob: str, body: dict[str, Any]) -> None:
    answer = ask(served, bob, "POST", FIND, body)
    assert answer.status_code == 422
    assert ALICE.email not in str(answer.body)
    assert deeds(served) == []


def test_one_signature_is_shown_with_what_staff_need_to_help(served: Served, bob: str, petition: Petition) -> None:
    identity = signed(served.tables, petition)
    mailed(served.tables, petition, identity)
    change_item(served.tables, petition, identity, undeliverable="bounced", restored_at="2026-11-24T12:05:00Z")
    shown = ask(served, bob, "GET", at(identity)).json_body
    assert shown["times"]["restored_at"] == "2026-11-24T12:05:00Z"
    assert shown["person"]["email"] == ALICE.email
    assert (shown["mail"]["sent"], shown["mail"]["at_most"], shown["mail"]["undeliverable"]) == (1, 5, "bounced")
    assert shown["times"]["signed_at"] == "2026-11-24T12:00:00Z"
    assert shown["actions"] == ["resend", "access", "withdraw", "erase"]
    assert deeds(served) == [Action(name="person.shown", subject=identity, details={"petition": "safe-children"})]


def test_a_signature_that_nobody_confirmed_in_time_is_called_expired(
    served: Served, bob: str, petition: Petition
) -> None:
    identity = signed(served.tables, petition)
    served.clock.forward(61 * DAY)
    token = bobs_token(served.tables, served.clock.moment, Right.PEOPLE)
    assert ask(served, token, "GET", at(identity)).json_body["state"] == "expired"
    assert actions_in("expired") == ["access", "withdraw", "erase"]


def test_its_mail_is_sent_again_and_the_answer_says_so(served: Served, bob: str, petition: Petition) -> None:
    identity = signed(served.tables, petition)
    mailed(served.tables, petition, identity)
    served.clock.forward(5 * MINUTE)
    answer = ask(served, bob, "POST", at(identity, "resend")).json_body
    assert answer == {"mail": True, "outcome": "asked", "message": "The mail is on its way."}
    assert item_of(served.tables, petition, identity)["mail_kind"] == "confirm"


@pytest.mark.parametrize(
    ("changes", "word"),
    [({"undeliverable": "complained"}, "refused"), ({"mails": 5}, "five"), ({"expires_at": 1}, "time")],
)
def test_a_mail_that_does_not_come_is_said_to_with_its_reason(
    served: Served, bob: str, petition: Petition, changes: dict[str, Any], word: str
) -> None:
    identity = signed(served.tables, petition)
    mailed(served.tables, petition, identity)
    change_item(served.tables, petition, identity, **changes)
    answer = ask(served, bob, "POST", at(identity, "resend")).json_body
    assert answer["mail"] is False
    assert word in answer["message"]
    assert "mail_kind" not in item_of(served.tables, petition, identity)


def test_a_withdrawal_counts_and_again_is_the_same_answer(served: Served, bob: str, petition: Petition) -> None:
    identity = confirmed(served.tables, petition)
    answers = [ask(served, bob, "POST", at(identity, "withdraw")).json_body for _ in range(2)]
    assert answers[0] == answers[1]
    assert (answers[0]["state"], answers[0]["person"]["name"]) == ("withdrawn", None)
    assert answers[0]["actions"] == ["access", "erase"]
    assert exact_count(petition, NOW, served.tables).confirmed == 0


def test_an_erasing_empties_and_again_is_the_same_answer(served: Served, bob: str, petition: Petition) -> None:
    confirmed(served.tables, petition, BOB)
    identity = confirmed(served.tables, petition)
    answers = [ask(served, bob, "POST", at(identity, "erase")).json_body for _ in range(2)]
    assert answers[0] == answers[1]
    assert (answers[0]["state"], answers[0]["actions"]) == ("erased", ["access"])
    assert item_of(served.tables, petition, identity).keys() == LEFT
    assert exact_count(petition, NOW, served.tables).confirmed == 1


def test_everything_held_is_told_in_one_file_for_its_owner(served: Served, bob: str, petition: Petition) -> None:
    other = a_published_petition(served.tables, slug="another")
    identity = confirmed(served.tables, petition, postcode="M1 1AE", source="bbc", updates=True)
    signed(served.tables, other)
    publish(petition.model_copy(update={"text": "Another text", "sign_wording": "Another"}), NOW, served.tables)
    answer = ask(served, bob, "POST", at(identity, "access"))
    assert answer.headers["Content-Disposition"] == f'attachment; filename="access-{identity}.json"'
    assert answer.headers["Cache-Control"] == "no-store"
    told = answer.json_body
    mine = {each["petition"]["slug"]: each for each in told["signatures"]}
    assert mine.keys() == {"safe-children", "another"}
    one = mine["safe-children"]
    assert one["person"] == {
        "name": ALICE.name,
        "email": ALICE.email,
        "country": "GB",
        "postcode": "M1 1AE",
        "source": "bbc",
        "updates": True,
    }
    assert [(each["to"], each["given"], each["wording"]) for each in one["consents"]] == [
        ("sign", True, petition.sign_wording),
        ("updates", True, petition.updates_wording),
    ]
    assert one["signed_text"]["text"] == petition.text, "as signed, not as it is now"
    assert told["not_held"]
    assert told["held_elsewhere"]


def test_every_attribute_an_item_may_have_is_in_the_file(served: Served, bob: str, petition: Petition) -> None:
    identity = confirmed(served.tables, petition, postcode="M1 1AE", source="bbc", updates=True)
    mail = {"mails": 3, "mailed_at": "2026-11-23T01:02:03Z", "mail_nudged_at": "2026-11-23T04:05:06Z"}
    change_item(served.tables, petition, identity, undeliverable="bounced", counted_source="other", **mail)
    item = item_of(served.tables, petition, identity)
    told = json.dumps(ask(served, bob, "POST", at(identity, "access")).json_body)
    # One key is the petition with a bucket's number, and a version stands beside the text it names.
    values = {str(value) for name, value in item.items() if name not in ("pk", "updates", "text_version")}
    assert not [value for value in values if value not in told]
    assert f"{item['text_version']}.{item['consent_version']}" in told


def test_a_withdrawn_one_is_told_of_with_the_little_that_is_left(served: Served, bob: str, petition: Petition) -> None:
    identity = confirmed(served.tables, petition)
    ask(served, bob, "POST", at(identity, "withdraw"))
    [one] = ask(served, bob, "POST", at(identity, "access")).json_body["signatures"]
    assert (one["state"], one["person"]["email"]) == ("withdrawn", None)
    assert [each["given"] for each in one["consents"]] == [False, False]


@pytest.mark.parametrize(("deed", "action"), ACTIONS.items())
def test_every_deed_is_written_down_under_the_id_and_never_the_address(
    served: Served, bob: str, petition: Petition, deed: str, action: str
) -> None:
    identity = confirmed(served.tables, petition)
    assert ask(served, bob, "POST", at(identity, deed)).status_code == 200
    [entry] = [*entries(NOW - DAY, NOW + DAY, served.tables)]
    assert (entry.actor.owner, entry.action.name, entry.action.subject) == ("bob", action, identity)
    assert "alice" not in entry.model_dump_json().lower()


@pytest.mark.parametrize(("method", "deed"), [("GET", ""), *(("POST", deed) for deed in ACTIONS)])
def test_what_cannot_be_written_down_is_neither_done_nor_shown(
    served: Served, bob: str, petition: Petition, monkeypatch: pytest.MonkeyPatch, method: str, deed: str
) -> None:
    identity = confirmed(served.tables, petition)
    before = item_of(served.tables, petition, identity)

    def fails(*_: object) -> None:
        raise Unavailable

    monkeypatch.setattr(served.tables, "put_new", fails)
    answer = ask(served, bob, method, at(identity, deed))
    assert answer.status_code == 503
    assert ALICE.name not in str(answer.body)
    assert item_of(served.tables, petition, identity) == before


@pytest.mark.parametrize("path", [at("0" * 32), at("not-an-id"), "/api/staff/people/nowhere/" + "0" * 32])
def test_what_is_not_there_is_404_and_not_written_down(served: Served, bob: str, path: str) -> None:
    assert ask(served, bob, "GET", path).status_code == 404
    for deed in ACTIONS:
        assert ask(served, bob, "POST", f"{path}/{deed}").status_code == 404
    assert deeds(served) == []


@pytest.mark.parametrize("right", [Right.COUNTS, Right.MANAGE, Right.EXPORT])
def test_no_other_right_opens_this_door(served: Served, petition: Petition, right: Right) -> None:
    token, identity = bobs_token(served.tables, NOW, right), confirmed(served.tables, petition)
    assert ask(served, token, "POST", FIND, {"email": ALICE.email}).status_code == 403
    assert ask(served, token, "GET", at(identity)).status_code == 403
    for deed in ACTIONS:
        assert ask(served, token, "POST", at(identity, deed)).status_code == 403


def test_no_name_and_no_address_is_logged(
    served: Served, bob: str, petition: Petition, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    identity = confirmed(served.tables, petition)
    found(served, bob)
    for deed in ACTIONS:
        ask(served, bob, "POST", at(identity, deed))
    logged = "".join(f"{record.getMessage()}{vars(record)}" for record in caplog.records).lower()
    assert identity in logged
    # Not "alice": Chalice's own path has that in it.
    assert not [word for word in (*ALICE.email.split("@"), "achterberg") if word in logged]
