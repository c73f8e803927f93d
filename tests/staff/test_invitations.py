"""Bob invites Dora by email. Her link works once, for three days, and gives her the rights that Bob chose."""

import json
from typing import Any

import pytest
from chalice.test import HTTPResponse

from chalicelib.core import tokens
from chalicelib.core.rights import Right
from chalicelib.core.tokens import Purpose
from chalicelib.staff.invitations import LIFETIME
from chalicelib.staff.tokens import UnknownToken, recognise
from tests.actors import DAY, MINUTE, NOW, TOKEN_KEYS, bobs_token
from tests.asking import actions, ask, audit_records
from tests.fake_site import FakeSite, token_in
from tests.fakes import throttle
from tests.letters.lettering import send_all
from tests.log_lines import Lines
from tests.stores.racing import at_once

DORA = "dora@charity.example"
ATTEMPT = "a" * 43
MESSAGES = ["Dora\n\nRenew your token", "Renew it at https://evil.example/", "Dora\u202e"]
PATH = "/api/staff/invitations"


@pytest.fixture
def token(fake_site: FakeSite) -> str:
    return bobs_token(fake_site.tables, NOW, Right.MANAGE, Right.COUNTS)


def invite(site: FakeSite, token: str, **changes: Any) -> HTTPResponse:
    body = {"email": DORA, "owner": "Dora", "rights": ["counts"], "days": 1} | changes
    return ask(site, token, "POST", PATH, body)


def invited(site: FakeSite, token: str, **changes: Any) -> str:
    """Invite Dora, and return the token of the link in her email."""
    assert invite(site, token, **changes).status_code == 201
    send_all(site)
    return token_in(site.last_link(Purpose.INVITATION))


def accept(site: FakeSite, link_token: str, attempt: str = ATTEMPT) -> HTTPResponse:
    return site.post_json("/api/staff/invitation", {"token": link_token, "attempt": attempt})


def listed(site: FakeSite, token: str) -> dict[str, Any]:
    [found] = [each for each in ask(site, token, "GET", "/api/staff/tokens").json_body["tokens"] if each["invited_by"]]
    return dict(found)


def test_the_link_gives_the_colleague_a_token_with_the_chosen_rights(fake_site: FakeSite, token: str) -> None:
    link_token = invited(fake_site, token)
    [mail] = fake_site.mailer.mails
    assert (mail.to, mail.subject) == (DORA, "bob invites you to the petitions of petitions.example")
    session = accept(fake_site, link_token).json_body
    assert (session["owner"], session["rights"]) == ("Dora", ["counts"])
    dora = f"Bearer {session['token']}"
    assert fake_site.get("/api/staff/petitions", authorization=dora).status_code == 200
    assert fake_site.get("/api/staff/audit", authorization=dora).status_code == 403
    shown = listed(fake_site, token)
    assert (shown["invited_email"], shown["invited_by"], shown["accepted_at"]) == (DORA, "bob", "2026-11-24T12:00:00Z")
    assert actions(fake_site) == ["token.accepted", "token.invited"]
    assert {entry.action.subject for entry in audit_records(fake_site)} == {shown["token_id"]}


def test_opening_the_link_changes_nothing(fake_site: FakeSite, token: str) -> None:
    invited(fake_site, token)
    page = fake_site.get(fake_site.last_link(Purpose.INVITATION))
    assert page.status_code == 200
    assert b"Accept the invitation" in page.body
    assert listed(fake_site, token)["accepted_at"] is None


def test_the_link_works_once_but_a_lost_answer_can_be_fetched_again(fake_site: FakeSite, token: str) -> None:
    link_token = invited(fake_site, token)
    first, again = accept(fake_site, link_token), accept(fake_site, link_token)
    assert first.json_body == again.json_body
    other = accept(fake_site, link_token, "b" * 43)
    assert (other.status_code, "used already" in other.json_body["detail"]) == (410, True)
    assert recognise(f"Bearer {first.json_body['token']}", NOW, fake_site.tables).owner == "Dora"


def test_of_many_who_accept_at_once_one_gets_the_token(fake_site: FakeSite, token: str) -> None:
    link_token = invited(fake_site, token)
    answers = at_once(lambda number: accept(fake_site, link_token, f"{number:043}"), range(16))
    [winner] = [answer for answer in answers if answer.status_code == 200]
    assert {answer.status_code for answer in answers} == {200, 410}
    assert recognise(f"Bearer {winner.json_body['token']}", NOW, fake_site.tables).owner == "Dora"


@pytest.mark.parametrize(
    ("days", "later", "status"),
    [(5, LIFETIME - MINUTE, 200), (5, LIFETIME, 410), (1, DAY, 410)],
)
def test_the_link_works_for_72_hours_if_its_token_does(fake_site: FakeSite, days: int, later: Any, status: int) -> None:
    token = bobs_token(fake_site.tables, NOW + 5 * DAY, Right.MANAGE, Right.COUNTS)
    link_token = invited(fake_site, token, days=days)
    fake_site.clock.forward(later)
    assert accept(fake_site, link_token).status_code == status


@pytest.mark.parametrize("is_accepted", [False, True])
def test_a_revoked_invitation_gives_nothing_and_is_not_sent(fake_site: FakeSite, token: str, is_accepted: bool) -> None:
    link_token = invited(fake_site, token)
    text = accept(fake_site, link_token).json_body["token"] if is_accepted else ""
    path = f"/api/staff/tokens/{listed(fake_site, token)['token_id']}"
    assert ask(fake_site, token, "DELETE", path).json_body["usable"] is False
    answer = accept(fake_site, link_token)
    assert (answer.status_code, "withdrawn" in answer.json_body["detail"]) == (410, True)
    with pytest.raises(UnknownToken):
        recognise(f"Bearer {text}", NOW, fake_site.tables)


@pytest.mark.parametrize("end", ["revoked", "late"])
def test_an_invitation_that_no_longer_works_is_not_emailed(fake_site: FakeSite, token: str, end: str) -> None:
    invitation = invite(fake_site, token).json_body
    if end == "revoked":
        ask(fake_site, token, "DELETE", f"/api/staff/tokens/{invitation['token_id']}")
    else:
        fake_site.clock.forward(4 * DAY)
    send_all(fake_site)
    assert fake_site.mailer.mails == []


def test_nobody_can_use_an_invitation_before_it_is_accepted(fake_site: FakeSite, token: str) -> None:
    invited(fake_site, token)
    shown = json.dumps(listed(fake_site, token))
    assert "sha256" not in shown
    assert "staff_" not in invite(fake_site, token).body.decode()


@pytest.mark.parametrize(
    ("changes", "status", "says"),
    [
        ({"rights": ["counts", "people"]}, 403, "rights that your own token has"),
        ({"days": 2}, 403, "cannot be valid for longer"),
        ({"email": "dora"}, 422, "email"),
        ({"email": "dora@x.example, eve@x.example"}, 422, "email"),
        *(({"owner": owner}, 422, "owner") for owner in (" ", *MESSAGES)),
    ],
)
def test_nobody_invites_others_to_more_than_they_have_or_with_a_message_in_place_of_a_name(
    fake_site: FakeSite, token: str, changes: dict[str, Any], status: int, says: str
) -> None:
    answer = invite(fake_site, token, **changes)
    assert answer.status_code == status
    assert says in answer.body.decode()
    assert fake_site.other_queue.messages == []
    assert actions(fake_site) == []


def test_nobody_is_invited_at_an_address_to_which_ses_sends_nothing(fake_site: FakeSite, token: str) -> None:
    fake_site.quota.suppressed.add(DORA)
    assert invite(fake_site, token).json_body["errors"][0]["field"] == "email"
    assert fake_site.other_queue.messages == []


@pytest.mark.parametrize("purpose", [Purpose.INVITATION, Purpose.CONFIRM])
def test_a_damaged_or_unknown_link_gives_nothing(fake_site: FakeSite, token: str, purpose: Purpose) -> None:
    link_token = invited(fake_site, token)
    unknown = tokens.issue(purpose, ("0" * 16,), NOW + DAY, TOKEN_KEYS)
    for wrong in (f"{link_token}x", unknown, "x"):
        assert accept(fake_site, wrong).status_code == 400
    # An ordinary token is no invitation.
    forged = tokens.issue(Purpose.INVITATION, (token.split("_")[1],), NOW + DAY, TOKEN_KEYS)
    assert accept(fake_site, forged).status_code == 400


def test_without_an_audit_entry_nobody_gets_the_token(
    fake_site: FakeSite, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    link_token = invited(fake_site, token)
    with monkeypatch.context() as patch:
        patch.setattr("chalicelib.signin.api.record", throttle)
        assert accept(fake_site, link_token).status_code == 503
    assert accept(fake_site, link_token).status_code == 200


def test_the_log_names_no_address(fake_site: FakeSite, token: str, lines: Lines) -> None:
    accept(fake_site, invited(fake_site, token))
    logged = json.dumps(lines())
    assert "invitation_accepted" in logged
    assert DORA not in logged
    assert "Dora" not in logged


def test_whoever_invited_with_a_token_that_is_revoked_invited_nobody(fake_site: FakeSite, token: str) -> None:
    link_token = invited(fake_site, token)
    another = bobs_token(fake_site.tables, NOW, *Right)
    revoked = ask(fake_site, another, "DELETE", f"/api/staff/tokens/{token.split('_')[1]}")
    assert revoked.status_code == 200
    assert accept(fake_site, link_token).status_code == 410
