"""A person asks about their data. Bob helps, also while their signature may still wait in the overflow queue."""

from typing import Any

import pytest

from chalicelib.aws.table import Item
from chalicelib.core.caching import forget_all
from chalicelib.core.rights import Right
from chalicelib.people.access import actions_in
from chalicelib.petitions.model import Petition
from chalicelib.shedding.level import Level, set_level
from chalicelib.staff.audit.record import Action
from chalicelib.tallies.count import exact_count
from commands.withdrawn_since import WithdrawnSince
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
    identity_of,
    item_of,
    json_of,
    request_of,
    signed,
)
from tests.asking import ask, audit_records
from tests.fake_site import FakeSite
from tests.fakes import throttle
from tests.signatures.test_erase import ERASED_ATTRIBUTES
from tests.signatures.test_sign import send_mail, signatures_in

FIND_PATH = "/api/staff/people/find"


def find(fake_site: FakeSite, token: str, email: str = ALICE.email) -> list[dict[str, Any]]:
    answer = ask(fake_site, token, "POST", FIND_PATH, {"email": email})
    assert answer.status_code == 200, answer.body
    signatures: list[dict[str, Any]] = answer.json_body["signatures"]
    return signatures


def path_of(identity: str, verb: str = "") -> str:
    return f"/api/staff/people/safe-children/{identity}" + (f"/{verb}" if verb else "")


def audited_actions(fake_site: FakeSite) -> list[Action]:
    newest_first = [entry.action for entry in audit_records(fake_site)]
    return newest_first[::-1]


def test_a_search_finds_an_address_in_every_petition(fake_site: FakeSite, token: str, petition: Petition) -> None:
    other = a_published_petition(fake_site.tables, slug="another")
    ids = {"safe-children": confirmed(fake_site.tables, petition), "another": signed(fake_site.tables, other)}
    signed(fake_site.tables, petition, BOB)
    signatures = find(fake_site, token, f" {ALICE.email.upper()} ")
    assert {each["petition"]["slug"]: each["id"] for each in signatures} == ids
    assert {each["state"] for each in signatures} == {"confirmed", "pending"}
    assert {each["person"]["name"] for each in signatures} == {ALICE.name}
    assert audited_actions(fake_site) == [Action(name="person.found", details=ids)]


def test_a_signature_is_shown_with_what_staff_need_to_help(fake_site: FakeSite, token: str, petition: Petition) -> None:
    identity = signed(fake_site.tables, petition)
    send_mail(fake_site.tables, petition, identity)
    change_item(fake_site.tables, petition, identity, undeliverable="bounced", restored_at="2026-11-24T12:05:00Z")
    shown = ask(fake_site, token, "GET", path_of(identity)).json_body
    assert shown["times"]["restored_at"] == "2026-11-24T12:05:00Z"
    assert shown["person"]["email"] == ALICE.email
    assert (shown["mail"]["sent"], shown["mail"]["undeliverable"]) == (1, "bounced")
    assert shown["times"]["signed_at"] == "2026-11-24T12:00:00Z"
    assert shown["actions"] == ["resend", "access", "withdraw", "erase"]
    assert audited_actions(fake_site) == [
        Action(name="person.shown", subject=identity, details={"petition": "safe-children"})
    ]


def test_a_signature_not_confirmed_in_time_is_shown_as_expired(fake_site: FakeSite, petition: Petition) -> None:
    identity = signed(fake_site.tables, petition)
    fake_site.clock.forward(61 * DAY)
    token = bobs_token(fake_site.tables, fake_site.clock.moment, Right.PEOPLE)
    assert ask(fake_site, token, "GET", path_of(identity)).json_body["state"] == "expired"
    assert actions_in("expired") == ["access", "withdraw", "erase"]


def test_staff_can_send_the_email_again(fake_site: FakeSite, token: str, petition: Petition) -> None:
    identity = signed(fake_site.tables, petition)
    send_mail(fake_site.tables, petition, identity)
    fake_site.clock.forward(5 * MINUTE)
    answer = ask(fake_site, token, "POST", path_of(identity, "resend")).json_body
    assert answer == {"mail": True, "outcome": "asked", "message": "The email is on its way.", "due_at": None}
    assert item_of(fake_site.tables, petition, identity)["mail_kind"] == "confirm"


def test_staff_learn_when_an_email_beyond_the_budget_is_sent(
    fake_site: FakeSite, token: str, petition: Petition
) -> None:
    identity = signed(fake_site.tables, petition)
    for _ in range(2):
        fake_site.deliver("send_mail", [request_of(fake_site.tables, petition, identity).model_dump()])
        fake_site.clock.forward(MINUTE)
        signed(fake_site.tables, petition, now=fake_site.clock())
    assert len(fake_site.mailer.mails) == 2
    answer = ask(fake_site, token, "POST", path_of(identity, "resend")).json_body
    assert (answer["mail"], answer["outcome"], answer["due_at"]) == (True, "later", "2026-11-24T12:11:00Z")
    assert "12:11 on 24 November (UTC)" in answer["message"]


def test_withdrawing_is_idempotent_and_changes_the_count(fake_site: FakeSite, token: str, petition: Petition) -> None:
    identity = confirmed(fake_site.tables, petition)
    answers = [ask(fake_site, token, "POST", path_of(identity, "withdraw")).json_body for _ in range(2)]
    assert answers[0] == answers[1]
    assert (answers[0]["state"], answers[0]["person"]["name"]) == ("withdrawn", None)
    assert answers[0]["actions"] == ["access", "erase"]
    assert exact_count(petition, NOW, fake_site.tables).confirmed == 0


def test_erasing_is_idempotent_and_empties_the_item(fake_site: FakeSite, token: str, petition: Petition) -> None:
    confirmed(fake_site.tables, petition, BOB)
    identity = confirmed(fake_site.tables, petition)
    answers = [ask(fake_site, token, "POST", path_of(identity, "erase")).json_body for _ in range(2)]
    assert answers[0] == answers[1]
    assert (answers[0]["state"], answers[0]["actions"]) == ("erased", ["access"])
    # Erasing deletes the time of signing, so only the time of erasure is shown.
    assert set(answers[0]["times"]) == {"erased_at", "expires_at"}
    assert item_of(fake_site.tables, petition, identity).keys() == ERASED_ATTRIBUTES
    assert exact_count(petition, NOW, fake_site.tables).confirmed == 1


ERASE_PATH = "/api/staff/people/erase"


def sign_into_the_overflow_queue(fake_site: FakeSite) -> None:
    set_level(Level.ACCEPT_ONLY, fake_site.tables)
    forget_all()
    assert fake_site.post_json("/api/petitions/safe-children/signatures", json_of()).status_code == 202
    set_level(Level.NORMAL, fake_site.tables)
    forget_all()


def erase_alice(fake_site: FakeSite, token: str) -> list[Item]:
    answer = ask(fake_site, token, "POST", ERASE_PATH, {"email": ALICE.email})
    assert answer.status_code == 200
    signatures: list[Item] = answer.json_body["signatures"]
    return signatures


def test_a_search_shows_how_many_signatures_cannot_be_searched_yet(fake_site: FakeSite, token: str) -> None:
    sign_into_the_overflow_queue(fake_site)
    answer = ask(fake_site, token, "POST", FIND_PATH, {"email": ALICE.email}).json_body
    assert answer == {"signatures": [], "waiting": 1}


def test_a_search_works_while_the_queue_does_not_answer(
    fake_site: FakeSite, token: str, petition: Petition, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed(fake_site.tables, petition)
    monkeypatch.setattr(fake_site.overflow, "depth", throttle)
    answer = ask(fake_site, token, "POST", FIND_PATH, {"email": ALICE.email}).json_body
    assert (len(answer["signatures"]), answer["waiting"]) == (1, None)


def test_a_signature_in_the_overflow_queue_is_erased_although_no_search_finds_it(
    fake_site: FakeSite, token: str
) -> None:
    sign_into_the_overflow_queue(fake_site)
    fake_site.clock.forward(MINUTE)
    assert erase_alice(fake_site, token) == []
    assert fake_site.deliver("store_overflow", fake_site.overflow.messages) == []
    assert {item["state"] for item in signatures_in(fake_site.tables)} == {"withdrawn"}
    assert not [item for item in signatures_in(fake_site.tables) if "email" in item]
    assert find(fake_site, token) == []


def test_a_signature_after_an_erasure_is_kept_and_gets_an_email(
    fake_site: FakeSite, token: str, petition: Petition
) -> None:
    erase_alice(fake_site, token)
    fake_site.clock.forward(MINUTE)
    sign_into_the_overflow_queue(fake_site)
    assert fake_site.deliver("store_overflow", fake_site.overflow.messages) == []
    [signature] = find(fake_site, token)
    assert (signature["state"], signature["person"]["name"]) == ("pending", ALICE.name)
    assert item_of(fake_site.tables, petition, signature["id"])["mail_kind"] == "confirm"


def test_erasing_an_address_erases_all_its_signatures_and_no_others(
    fake_site: FakeSite, token: str, petition: Petition
) -> None:
    other = a_published_petition(fake_site.tables, slug="another")
    identity = confirmed(fake_site.tables, petition)
    confirmed(fake_site.tables, petition, BOB)
    signed(fake_site.tables, other)
    for _ in range(2):
        assert {each["state"] for each in erase_alice(fake_site, token)} == {"erased"}
    assert item_of(fake_site.tables, petition, identity).keys() == ERASED_ATTRIBUTES
    assert exact_count(petition, NOW, fake_site.tables).confirmed == 1


def test_an_erasure_is_recorded_by_id_so_that_a_restore_leaves_the_signatures_out(
    fake_site: FakeSite, token: str, petition: Petition, monkeypatch: pytest.MonkeyPatch
) -> None:
    erase_alice(fake_site, token)
    [action] = audited_actions(fake_site)
    identity = identity_of(petition)
    assert (action.name, action.details) == ("person.erased", {"safe-children": identity})
    monkeypatch.setattr("commands.common.tables", lambda: fake_site.tables)
    withdrawn = WithdrawnSince(NOW - DAY, frozenset(), frozenset()).read()
    assert withdrawn.erased == {identity: NOW}
