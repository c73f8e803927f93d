"""Every action of staff about a person is audited, and no other right allows it."""

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.petitions.model import Petition
from chalicelib.staff.audit.record import entries
from tests.actors import ALICE, DAY, NOW, confirmed, item_of
from tests.fake_site import FakeSite
from tests.people.test_api import ask, audited_actions, find, path_of

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
    [entry] = [*entries(NOW - DAY, NOW + DAY, fake_site.tables)]
    assert (entry.actor.owner, entry.action.name, entry.action.subject) == ("bob", action, identity)
    assert "alice" not in entry.model_dump_json().lower()


@pytest.mark.parametrize(("method", "verb"), [("GET", ""), *(("POST", verb) for verb in ACTIONS)])
def test_without_an_audit_entry_nothing_is_done_or_shown(
    fake_site: FakeSite, token: str, petition: Petition, monkeypatch: pytest.MonkeyPatch, method: str, verb: str
) -> None:
    identity = confirmed(fake_site.tables, petition)
    before = item_of(fake_site.tables, petition, identity)

    def fail(*_: object) -> None:
        raise Unavailable

    monkeypatch.setattr(fake_site.tables, "put_new", fail)
    answer = ask(fake_site, token, method, path_of(identity, verb))
    assert answer.status_code == 503
    assert ALICE.name not in str(answer.body)
    assert item_of(fake_site.tables, petition, identity) == before


@pytest.mark.parametrize("path", [path_of("0" * 32), path_of("not-an-id"), "/api/staff/people/nowhere/" + "0" * 32])
def test_an_unknown_signature_is_404_and_not_audited(fake_site: FakeSite, token: str, path: str) -> None:
    assert ask(fake_site, token, "GET", path).status_code == 404
    for verb in ACTIONS:
        assert ask(fake_site, token, "POST", f"{path}/{verb}").status_code == 404
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
