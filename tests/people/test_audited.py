"""Every action of staff about a person is audited, and no other right allows it."""

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.core.rights import Right
from chalicelib.petitions.model import Petition
from chalicelib.staff.audit.record import entries
from tests.actors import ALICE, DAY, NOW, bobs_token, confirmed, item_of
from tests.people.test_api import FIND, ask, at, found, recorded
from tests.served import Served

ACTIONS = {
    "resend": "mail.resent",
    "withdraw": "signature.withdrawn",
    "erase": "signature.erased",
    "access": "access.exported",
}


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
