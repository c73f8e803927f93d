"""A person asks about their data. Bob helps within his rights, and every action is audited."""

import json
from typing import Any

import pytest
from chalice.test import HTTPResponse

from chalicelib.core.errors import Unavailable
from chalicelib.core.rights import Right
from chalicelib.people.access import actions_in
from chalicelib.petitions.model import Petition
from chalicelib.petitions.publish import publish
from chalicelib.staff.audit.model import Action
from chalicelib.staff.audit.record import entries
from chalicelib.tallies.count import exact_count
from tests.actors import (
    ALICE,
    BOB,
    DAY,
    MINUTE,
    NOW,
    WELSH,
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


def test_the_access_file_contains_all_data_held_on_its_owner(served: Served, bob: str, petition: Petition) -> None:
    other = a_published_petition(served.tables, slug="another")
    identity = confirmed(served.tables, petition, postcode="M1 1AE", source="bbc", updates=True)
    signed(served.tables, other)
    publish(petition.model_copy(update={"text": "Another text", "sign_wording": "Another"}), NOW, served.tables)
    answer = ask(served, bob, "POST", at(identity, "access"))
    assert answer.headers["Content-Disposition"] == f'attachment; filename="access-{identity}.json"'
    assert answer.headers["Cache-Control"] == "no-store"
    file = answer.json_body
    by_slug = {each["petition"]["slug"]: each for each in file["signatures"]}
    assert by_slug.keys() == {"safe-children", "another"}
    one = by_slug["safe-children"]
    assert one["person"] == {
        "name": ALICE.name,
        "email": ALICE.email,
        "country": "GB",
        "postcode": "M1 1AE",
        "source": "bbc",
        "language": None,
        "updates": True,
    }
    assert [(each["to"], each["given"], each["wording"]) for each in one["consents"]] == [
        ("sign", True, petition.sign_wording),
        ("updates", True, petition.updates_wording),
    ]
    assert one["signed_text"]["text"] == petition.text, "as signed, not as it is now"
    assert file["not_held"]
    assert file["held_elsewhere"]


def test_every_stored_attribute_is_in_the_access_file(served: Served, bob: str, petition: Petition) -> None:
    identity = confirmed(served.tables, petition, postcode="M1 1AE", source="bbc", updates=True)
    mail = {"mails": 3, "mailed_at": "2026-11-23T01:02:03Z", "mail_nudged_at": "2026-11-23T04:05:06Z"}
    change_item(served.tables, petition, identity, undeliverable="bounced", counted_source="other", **mail)
    item = item_of(served.tables, petition, identity)
    file = json.dumps(ask(served, bob, "POST", at(identity, "access")).json_body)
    # `pk` is the petition and a bucket number. `text_version` is checked below, joined with the consent version.
    values = {str(value) for name, value in item.items() if name not in ("pk", "updates", "text_version")}
    assert not [value for value in values if value not in file]
    assert f"{item['text_version']}.{item['consent_version']}" in file


def test_the_access_file_has_the_wording_in_the_language_that_was_signed_in(served: Served, bob: str) -> None:
    petition = a_published_petition(served.tables, slug="in-welsh", translations={"cy": WELSH})
    identity = confirmed(served.tables, petition, language="cy")
    answer = ask(served, bob, "POST", f"/api/staff/people/in-welsh/{identity}/access")
    [one] = [each for each in answer.json_body["signatures"] if each["petition"]["slug"] == "in-welsh"]
    assert one["person"]["language"] == "cy"
    assert [each["wording"] for each in one["consents"]] == [WELSH["sign_wording"], WELSH["updates_wording"]]
    ask(served, bob, "POST", f"/api/staff/people/in-welsh/{identity}/withdraw")
    assert "language" not in item_of(served.tables, petition, identity), "it is personal data"


def test_a_withdrawn_signature_is_in_the_access_file_without_personal_data(
    served: Served, bob: str, petition: Petition
) -> None:
    identity = confirmed(served.tables, petition)
    ask(served, bob, "POST", at(identity, "withdraw"))
    [one] = ask(served, bob, "POST", at(identity, "access")).json_body["signatures"]
    assert (one["state"], one["person"]["email"]) == ("withdrawn", None)
    assert [each["given"] for each in one["consents"]] == [False, False]


@pytest.mark.parametrize(("verb", "action"), ACTIONS.items())
def test_every_action_is_audited_by_id_without_the_address(
    served: Served, bob: str, petition: Petition, verb: str, action: str
) -> None:
    identity = confirmed(served.tables, petition)
    assert ask(served, bob, "POST", at(identity, verb)).status_code == 200
    [entry] = [*entries(NOW - DAY, NOW + DAY, served.tables)]
    assert (entry.actor.owner, entry.action.name, entry.action.subject) == ("bob", action, identity)
    assert "alice" not in entry.model_dump_json().lower()


@pytest.mark.parametrize(("method", "verb"), [("GET", ""), *(("POST", verb) for verb in ACTIONS)])
def test_without_an_audit_entry_nothing_is_done_or_shown(
    served: Served, bob: str, petition: Petition, monkeypatch: pytest.MonkeyPatch, method: str, verb: str
) -> None:
    identity = confirmed(served.tables, petition)
    before = item_of(served.tables, petition, identity)

    def fails(*_: object) -> None:
        raise Unavailable

    monkeypatch.setattr(served.tables, "put_new", fails)
    answer = ask(served, bob, method, at(identity, verb))
    assert answer.status_code == 503
    assert ALICE.name not in str(answer.body)
    assert item_of(served.tables, petition, identity) == before


@pytest.mark.parametrize("path", [at("0" * 32), at("not-an-id"), "/api/staff/people/nowhere/" + "0" * 32])
def test_an_unknown_signature_is_404_and_not_audited(served: Served, bob: str, path: str) -> None:
    assert ask(served, bob, "GET", path).status_code == 404
    for verb in ACTIONS:
        assert ask(served, bob, "POST", f"{path}/{verb}").status_code == 404
    assert recorded(served) == []


@pytest.mark.parametrize("right", [Right.COUNTS, Right.MANAGE, Right.EXPORT])
def test_other_rights_give_no_access_to_people(served: Served, petition: Petition, right: Right) -> None:
    token, identity = bobs_token(served.tables, NOW, right), confirmed(served.tables, petition)
    assert ask(served, token, "POST", FIND, {"email": ALICE.email}).status_code == 403
    assert ask(served, token, "GET", at(identity)).status_code == 403
    for verb in ACTIONS:
        assert ask(served, token, "POST", at(identity, verb)).status_code == 403


def test_no_name_or_address_is_logged(
    served: Served, bob: str, petition: Petition, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    identity = confirmed(served.tables, petition)
    found(served, bob)
    for verb in ACTIONS:
        ask(served, bob, "POST", at(identity, verb))
    logged = "".join(f"{record.getMessage()}{vars(record)}" for record in caplog.records).lower()
    assert identity in logged
    # "alice" is not checked, because Chalice's own path contains it.
    assert not [word for word in (*ALICE.email.split("@"), "achterberg") if word in logged]
