"""The links in an email: GET shows, POST acts, both are idempotent and reveal nothing to others."""

from datetime import timedelta
from urllib.parse import quote, urlsplit

import pytest
from chalice.test import HTTPResponse

from chalicelib.core import tokens
from chalicelib.core.tokens import Purpose
from chalicelib.petitions.find import forget_petitions
from chalicelib.petitions.model import Petition
from chalicelib.signatures.model import MailKind
from chalicelib.tallies.count import exact_count
from tests.actors import (
    ALICE,
    DAY,
    LINKS,
    NOW,
    TOKEN_KEYS,
    a_petition,
    a_published_petition,
    confirmed,
    fields_of,
    identity_of,
    item_of,
    request_of,
    signed,
)
from tests.served import FORM, Served, token_in

every_link = pytest.mark.parametrize("purpose", LINKS)


def alice_is_mailed(served: Served, petition: Petition | None = None, updates: bool = True) -> str:
    """Sign as Alice and send her confirmation email; return the signature's id."""
    petition = petition or a_petition()
    identity = signed(served.tables, petition, updates=updates, postcode="M1 1AE")
    assert served.deliver("send_mail", [request_of(served.tables, petition, identity).model_dump()]) == []
    return identity


def post(served: Served, link: str, **fields: str) -> HTTPResponse:
    return served.post_form(urlsplit(link).path, {"token": token_in(link), **fields})


def count(served: Served) -> int:
    return exact_count(a_petition(), served.clock(), served.tables).confirmed


def test_sign_confirm_and_count(served: Served) -> None:
    served.post_form("/petitions/safe-children/signatures", fields_of(source="bbc"))
    identity = identity_of(a_petition())
    served.deliver("send_mail", [request_of(served.tables, a_petition(), identity).model_dump()])
    link = served.last_link("confirm")
    page = served.get(link).body.decode()
    for text in (ALICE.name, ALICE.email, "United Kingdom", a_petition().sign_wording, 'method="post"'):
        assert text in page
    assert count(served) == 0
    answer = post(served, link, name="Alice A.", postcode="", updates="no")
    assert (answer.status_code, "Your signature is counted" in answer.body.decode()) == (200, True)
    assert count(served) == 1
    served.clock.forward(timedelta(seconds=10))
    assert served.get("/api/petitions/safe-children/count").json_body["count"] == 1


@every_link
def test_opening_a_link_changes_nothing(served: Served, purpose: str) -> None:
    alice_is_mailed(served)
    before = {key: dict(item) for key, item in served.tables.items.items()}
    for _ in range(3):
        assert served.get(served.last_link(purpose)).status_code == 200
    assert served.tables.items == before


@every_link
def test_acting_again_returns_the_same_page(served: Served, purpose: str) -> None:
    alice_is_mailed(served)
    link = served.last_link(purpose)
    first, second = post(served, link), post(served, link)
    assert first.status_code == second.status_code == 200
    assert first.body == second.body
    assert count(served) == (purpose == "confirm")


def test_a_link_works_during_a_pause_after_the_closing_day(served: Served) -> None:
    petition = a_published_petition(served.tables, closes_at=NOW + DAY)
    forget_petitions()
    identity = alice_is_mailed(served, petition)
    link = served.last_link("confirm")
    a_published_petition(served.tables, state="paused", paused_at=NOW, closes_at=NOW + DAY)
    forget_petitions()
    served.clock.forward(13 * DAY)
    assert item_of(served.tables, petition, identity)["expires_at"] > served.clock().timestamp()
    assert post(served, link).status_code == 200
    assert count(served) == 1


def test_withdrawing_from_the_confirm_page_works(served: Served) -> None:
    identity = alice_is_mailed(served)
    page = served.get(served.last_link("confirm")).body.decode()
    link = page.split('href="/withdraw?token=')[1].split('"')[0]
    assert served.get(f"/withdraw?token={link}").status_code == 200
    token = tokens.read(Purpose.WITHDRAW, token_in(f"/withdraw?token={link}"), NOW, TOKEN_KEYS)
    assert token.signature_id == identity


def test_withdrawing_subtracts_one_and_confirming_again_adds_nothing(served: Served) -> None:
    alice_is_mailed(served)
    confirm, withdraw = served.last_link("confirm"), served.last_link("withdraw")
    post(served, confirm)
    assert post(served, withdraw).status_code == 200
    assert count(served) == 0
    answer = post(served, confirm)
    assert (answer.status_code, "withdrawn" in answer.body.decode()) == (200, True)
    assert count(served) == 0


def test_a_link_ends_when_its_signature_is_withdrawn_and_only_a_later_one_confirms_again(served: Served) -> None:
    """Charlie has Alice's old link, but not her mailbox. He signs with her address after she has withdrawn."""
    alice_is_mailed(served)
    old, withdraw = served.last_link("confirm"), served.last_link("withdraw")
    post(served, old)
    served.clock.forward(timedelta(minutes=2))
    post(served, withdraw)
    served.clock.forward(timedelta(minutes=2))
    served.post_form("/petitions/safe-children/signatures", fields_of(name="Charlie Cox"))
    assert (served.get(old).status_code, post(served, old).status_code) == (410, 410)
    assert "Charlie" not in served.get(old).body.decode()
    assert count(served) == 0
    served.deliver("send_mail", [request_of(served.tables, a_petition(), identity_of(a_petition())).model_dump()])
    assert post(served, served.last_link("confirm")).status_code == 200
    assert count(served) == 1


@pytest.mark.parametrize("content_type", [FORM, "multipart/form-data; boundary=x", "", "text/plain"])
def test_a_mail_program_unsubscribes_in_one_click(served: Served, content_type: str) -> None:
    """RFC 8058: a POST to the List-Unsubscribe URL, with a body that has no token."""
    identity = alice_is_mailed(served)
    url = served.mailer.mails[-1].headers["List-Unsubscribe"].strip("<>")
    path = f"{urlsplit(url).path}?{urlsplit(url).query}"
    answer = served.post(path, b"List-Unsubscribe=One-Click", content_type)
    assert answer.status_code == 200
    assert item_of(served.tables, a_petition(), identity)["updates"] is False


@pytest.mark.parametrize("state", ["removed", "closed"])
def test_withdraw_and_unsubscribe_work_for_any_petition(served: Served, state: str) -> None:
    identity = alice_is_mailed(served)
    post(served, served.last_link("confirm"))
    a_published_petition(served.tables, state=state, closes_at=NOW - 2 * DAY)
    forget_petitions()
    for purpose in ("unsubscribe", "withdraw"):
        assert served.get(served.last_link(purpose)).status_code == 200
        assert post(served, served.last_link(purpose)).status_code == 200
    assert item_of(served.tables, a_petition(), identity)["state"] == "withdrawn"


@every_link
def test_pages_about_one_person_are_not_cached(served: Served, purpose: str) -> None:
    alice_is_mailed(served)
    for answer in (served.get(served.last_link(purpose)), post(served, served.last_link(purpose))):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_links_in_an_already_signed_email_show_nothing_personal(served: Served) -> None:
    identity = confirmed(served.tables, a_petition(), updates=True)
    served.clock.forward(DAY)
    signed(served.tables, a_petition(), now=served.clock())
    request = request_of(served.tables, a_petition(), identity)
    assert request.kind == MailKind.ALREADY_SIGNED
    served.deliver("send_mail", [request.model_dump()])
    for purpose in ("withdraw", "unsubscribe"):
        body = served.get(served.last_link(purpose)).body.decode()
        assert ALICE.name not in body
        assert ALICE.email not in body


@pytest.mark.parametrize("content_type", ["Application/X-WWW-Form-Urlencoded", f"{FORM}; charset=UTF-8"])
def test_content_types_are_case_insensitive_and_may_have_parameters(served: Served, content_type: str) -> None:
    alice_is_mailed(served)
    body = f"token={quote(token_in(served.last_link('confirm')))}".encode()
    assert served.post("/confirm", body, content_type).status_code == 200
    assert count(served) == 1


def test_confirming_over_http_on_a_warm_function_is_one_transaction(served: Served) -> None:
    alice_is_mailed(served)
    link = served.last_link("confirm")
    served.get("/petitions/safe-children")
    served.tables.calls.clear()
    post(served, link)
    assert served.tables.calls == ["transact"]
