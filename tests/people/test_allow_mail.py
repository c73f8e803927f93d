"""Staff can undo somebody's choice to get no more email: with a reason, which is recorded."""

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.core.rights import Right
from chalicelib.mail.mailbox import mailbox_of
from chalicelib.mail.stop import choice_of, is_stopped, stop
from chalicelib.petitions.model import Petition
from chalicelib.signatures.withdraw import withdraw
from tests.actors import ALICE, LIMIT_KEYS, NOW, bobs_token, identity_of, key_of, signed, subject_of
from tests.people.test_api import ask, at, recorded
from tests.served import Served

CHOICE = choice_of(mailbox_of(ALICE.email, LIMIT_KEYS), "safe-children")
REASON = {"reason": "They asked by telephone."}


@pytest.fixture
def path(served: Served, petition: Petition) -> str:
    identity = signed(served.tables, petition)
    stop(CHOICE, subject_of(petition, identity), served.tables)
    return at(identity, "allow-mail")


def test_staff_see_the_choice_and_undo_it_with_a_reason(served: Served, bob: str, path: str) -> None:
    shown = ask(served, bob, "GET", path.removesuffix("/allow-mail")).json_body
    assert (shown["mail"]["stopped"], shown["actions"][-1]) == (True, "allow-mail")
    resent = ask(served, bob, "POST", path.replace("allow-mail", "resend")).json_body
    assert (resent["mail"], resent["outcome"]) == (False, "stopped")
    for _ in range(2):
        after = ask(served, bob, "POST", path, REASON).json_body
        assert (after["mail"]["stopped"], "allow-mail" in after["actions"]) == (False, False)
    assert not is_stopped(CHOICE, served.tables)
    allowed = [action for action in recorded(served) if action.name == "mail.allowed"]
    assert [action.details["reason"] for action in allowed] == [REASON["reason"]] * 2


@pytest.mark.parametrize("body", [{}, {"reason": " "}, {"reason": "x" * 1001}, {**REASON, "more": 1}])
def test_without_a_reason_nothing_is_undone(served: Served, bob: str, path: str, body: dict[str, object]) -> None:
    assert ask(served, bob, "POST", path, body).status_code == 422
    assert is_stopped(CHOICE, served.tables)


def test_without_an_audit_entry_nothing_is_undone(
    served: Served, bob: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise Unavailable

    monkeypatch.setattr(served.tables, "put_new", fails)
    assert ask(served, bob, "POST", path, REASON).status_code == 503
    assert is_stopped(CHOICE, served.tables)


def test_a_withdrawn_signature_has_no_address_so_nothing_is_undone_or_recorded(
    served: Served, bob: str, path: str, petition: Petition
) -> None:
    withdraw(key_of(petition, identity_of(petition)), petition, NOW, served.tables)
    answer = ask(served, bob, "POST", path, REASON)
    assert (answer.status_code, "signed again" in str(answer.json_body)) == (422, True)
    assert "mail.allowed" not in [action.name for action in recorded(served)]


@pytest.mark.parametrize("right", [Right.COUNTS, Right.MANAGE, Right.EXPORT])
def test_other_rights_do_not_undo_it(served: Served, path: str, right: Right) -> None:
    assert ask(served, bobs_token(served.tables, NOW, right), "POST", path, REASON).status_code == 403
    assert is_stopped(CHOICE, served.tables)


def test_an_unknown_signature_is_404(served: Served, bob: str) -> None:
    assert ask(served, bob, "POST", at("0" * 32, "allow-mail"), REASON).status_code == 404
