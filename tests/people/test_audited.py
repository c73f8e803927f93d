"""Every action of staff about a person is audited. Staff allow email again for a reason only."""

import pytest

from chalicelib.mail.budget import choice_of, is_stopped, stop
from chalicelib.mail.model import mailbox_of
from chalicelib.petitions.model import Petition
from chalicelib.signatures.withdraw import withdraw
from tests.actors import (
    ALICE,
    LIMIT_KEYS,
    NOW,
    a_published_petition,
    confirmed,
    identity_of,
    item_of,
    key_of,
    signed,
    subject_of,
)
from tests.asking import ask, audit_records
from tests.fake_site import FakeSite
from tests.fakes import throttle
from tests.people.test_api import audited_actions, find, path_of

ACTIONS = {
    "resend": "mail.resent",
    "withdraw": "signature.withdrawn",
    "erase": "signature.erased",
    "access": "access.exported",
}


@pytest.mark.parametrize(("verb", "action"), ACTIONS.items())
def test_every_action_is_audited_by_id_without_the_address(
    fake_site: FakeSite, token: str, petition: Petition, verb: str, action: str
) -> None:
    identity = confirmed(fake_site.tables, petition)
    assert ask(fake_site, token, "POST", path_of(identity, verb)).status_code == 200
    [entry] = audit_records(fake_site)
    assert (entry.actor.owner, entry.action.name, entry.action.subject) == ("bob", action, identity)
    assert "alice" not in entry.model_dump_json().lower()


@pytest.mark.parametrize(("method", "verb"), [("GET", ""), *(("POST", verb) for verb in ACTIONS)])
def test_without_an_audit_entry_nothing_is_done_or_shown(
    fake_site: FakeSite, token: str, petition: Petition, monkeypatch: pytest.MonkeyPatch, method: str, verb: str
) -> None:
    identity = confirmed(fake_site.tables, petition)
    before = item_of(fake_site.tables, petition, identity)
    monkeypatch.setattr(fake_site.tables, "put_new", throttle)
    answer = ask(fake_site, token, method, path_of(identity, verb))
    assert answer.status_code == 503
    assert ALICE.name not in str(answer.body)
    assert item_of(fake_site.tables, petition, identity) == before


@pytest.mark.parametrize("path", [path_of("0" * 32), path_of("not-an-id"), "/api/staff/people/nowhere/" + "0" * 32])
def test_an_unknown_signature_is_404_and_not_audited(fake_site: FakeSite, token: str, path: str) -> None:
    assert ask(fake_site, token, "GET", path).status_code == 404
    for verb in (*ACTIONS, "allow-mail"):
        assert ask(fake_site, token, "POST", f"{path}/{verb}", {"reason": "They asked."}).status_code == 404
    assert audited_actions(fake_site) == []


def test_no_name_or_address_is_logged(
    fake_site: FakeSite, token: str, petition: Petition, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    identity = confirmed(fake_site.tables, petition)
    find(fake_site, token)
    for verb in ACTIONS:
        ask(fake_site, token, "POST", path_of(identity, verb))
    messages = [f"{record.getMessage()}{vars(record)}" for record in caplog.records]
    logged = "".join(messages).lower()
    assert identity in logged
    # "alice" is not checked, because Chalice's own path contains it.
    for word in (*ALICE.email.split("@"), "achterberg"):
        assert word not in logged


ALICES_CHOICE = choice_of(mailbox_of(ALICE.email, LIMIT_KEYS), "safe-children")
REASON = {"reason": "They asked by telephone."}


@pytest.fixture
def path(fake_site: FakeSite, petition: Petition) -> str:
    identity = signed(fake_site.tables, petition)
    stop(ALICES_CHOICE, subject_of(petition, identity), NOW, fake_site.tables)
    return path_of(identity, "allow-mail")


def test_staff_see_the_choice_and_undo_it_with_a_reason(fake_site: FakeSite, token: str, path: str) -> None:
    shown = ask(fake_site, token, "GET", path.removesuffix("/allow-mail")).json_body
    assert (shown["mail"]["stopped"], shown["actions"][-1]) == (True, "allow-mail")
    resent = ask(fake_site, token, "POST", path.replace("allow-mail", "resend")).json_body
    assert (resent["mail"], resent["outcome"]) == (False, "stopped")
    for _ in range(2):
        after = ask(fake_site, token, "POST", path, REASON).json_body
        assert (after["mail"]["stopped"], "allow-mail" in after["actions"]) == (False, False)
    assert not is_stopped(ALICES_CHOICE, fake_site.tables)
    allowed = [action for action in audited_actions(fake_site) if action.name == "mail.allowed"]
    assert [action.details["reason"] for action in allowed] == [REASON["reason"]] * 2


@pytest.mark.parametrize("body", [{}, {"reason": " "}, {"reason": "x" * 1001}, {**REASON, "more": 1}])
def test_without_a_reason_nothing_is_undone(
    fake_site: FakeSite, token: str, path: str, body: dict[str, object]
) -> None:
    assert ask(fake_site, token, "POST", path, body).status_code == 422
    assert is_stopped(ALICES_CHOICE, fake_site.tables)


def test_without_an_audit_entry_nothing_is_undone(
    fake_site: FakeSite, token: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fake_site.tables, "put_new", throttle)
    assert ask(fake_site, token, "POST", path, REASON).status_code == 503
    assert is_stopped(ALICES_CHOICE, fake_site.tables)


def test_a_withdrawn_signature_has_no_address_so_nothing_is_undone_or_recorded(
    fake_site: FakeSite, token: str, path: str, petition: Petition
) -> None:
    withdraw(key_of(petition, identity_of(petition)), petition, NOW, fake_site.tables)
    answer = ask(fake_site, token, "POST", path, REASON)
    assert (answer.status_code, "signs again" in str(answer.json_body)) == (422, True)
    assert "mail.allowed" not in [action.name for action in audited_actions(fake_site)]


def test_a_withdrawn_signature_offers_no_action_that_needs_its_address(
    fake_site: FakeSite, token: str, path: str, petition: Petition
) -> None:
    """Alice's other signature still has her address. So her choice is known, and shown, for both signatures."""
    other = a_published_petition(fake_site.tables, slug="other")
    signed(fake_site.tables, other)
    withdraw(key_of(petition, identity_of(petition)), petition, NOW, fake_site.tables)
    found = ask(fake_site, token, "POST", "/api/staff/people/find", {"email": ALICE.email}).json_body["signatures"]
    by_slug = {each["petition"]["slug"]: each for each in found}
    withdrawn = by_slug[petition.slug]
    assert (withdrawn["mail"]["stopped"], "allow-mail" in withdrawn["actions"]) == (True, False)
