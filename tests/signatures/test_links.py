"""The links in an email: GET shows, POST acts, both are idempotent and reveal nothing to others."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from chalice.test import HTTPResponse

from chalicelib.core import keys, tokens
from chalicelib.core.caching import forget_all
from chalicelib.core.tokens import Purpose, Subject
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
from tests.fake_site import FORM, FakeSite, token_in

every_link = pytest.mark.parametrize("purpose", LINKS)


def sign_and_email_alice(fake_site: FakeSite, petition: Petition | None = None, updates: bool = True) -> str:
    """Sign as Alice and send her confirmation email; return the signature's id."""
    petition = petition or a_petition()
    identity = signed(fake_site.tables, petition, updates=updates, postcode="M1 1AE")
    assert fake_site.deliver("send_mail", [request_of(fake_site.tables, petition, identity).model_dump()]) == []
    return identity


def post(fake_site: FakeSite, link: str, **fields: str) -> HTTPResponse:
    return fake_site.post_form(urlsplit(link).path, {"token": token_in(link), **fields})


def count(fake_site: FakeSite) -> int:
    return exact_count(a_petition(), fake_site.clock(), fake_site.tables).confirmed


def test_sign_confirm_and_count(fake_site: FakeSite) -> None:
    fake_site.post_form("/petitions/safe-children/signatures", fields_of(source="bbc"))
    identity = identity_of(a_petition())
    request = request_of(fake_site.tables, a_petition(), identity)
    fake_site.deliver("send_mail", [request.model_dump()])
    link = fake_site.last_link("confirm")
    page = fake_site.get(link).body.decode()
    for text in (ALICE.name, ALICE.email, "United Kingdom", a_petition().sign_wording, 'method="post"'):
        assert text in page
    assert count(fake_site) == 0
    answer = post(fake_site, link, name="Alice A.", postcode="", updates="no")
    assert (answer.status_code, "Your signature is counted" in answer.body.decode()) == (200, True)
    assert count(fake_site) == 1
    fake_site.clock.forward(timedelta(seconds=10))
    assert fake_site.get("/api/petitions/safe-children/count").json_body["count"] == 1


@every_link
def test_opening_a_link_changes_nothing(fake_site: FakeSite, purpose: str) -> None:
    sign_and_email_alice(fake_site)
    before = {key: dict(item) for key, item in fake_site.tables.items.items()}
    for _ in range(3):
        assert fake_site.get(fake_site.last_link(purpose)).status_code == 200
    assert fake_site.tables.items == before


@every_link
def test_a_second_post_to_a_link_returns_the_same_page(fake_site: FakeSite, purpose: str) -> None:
    sign_and_email_alice(fake_site)
    link = fake_site.last_link(purpose)
    first, second = post(fake_site, link), post(fake_site, link)
    assert first.status_code == second.status_code == 200
    assert first.body == second.body
    assert count(fake_site) == (purpose == "confirm")


def test_a_link_ends_when_its_signature_is_withdrawn_and_only_a_later_link_confirms_again(fake_site: FakeSite) -> None:
    """Charlie has Alice's old link, but not her mailbox. He signs with her address after she has withdrawn."""
    sign_and_email_alice(fake_site)
    old_link, withdraw_link = fake_site.last_link("confirm"), fake_site.last_link("withdraw")
    post(fake_site, old_link)
    fake_site.clock.forward(timedelta(minutes=2))
    post(fake_site, withdraw_link)
    fake_site.clock.forward(timedelta(minutes=2))
    fake_site.post_form("/petitions/safe-children/signatures", fields_of(name="Charlie Cox"))
    assert (fake_site.get(old_link).status_code, post(fake_site, old_link).status_code) == (410, 410)
    assert "Charlie" not in fake_site.get(old_link).body.decode()
    assert count(fake_site) == 0
    request = request_of(fake_site.tables, a_petition(), identity_of(a_petition()))
    fake_site.deliver("send_mail", [request.model_dump()])
    assert post(fake_site, fake_site.last_link("confirm")).status_code == 200
    assert count(fake_site) == 1


@pytest.mark.parametrize("content_type", [FORM, "multipart/form-data; boundary=x", "", "text/plain"])
def test_a_mail_program_unsubscribes_in_one_click(fake_site: FakeSite, content_type: str) -> None:
    """RFC 8058: a POST to the List-Unsubscribe URL, with a body that has no token."""
    identity = sign_and_email_alice(fake_site)
    url = fake_site.mailer.mails[-1].headers["List-Unsubscribe"].strip("<>")
    path = f"{urlsplit(url).path}?{urlsplit(url).query}"
    answer = fake_site.post(path, b"List-Unsubscribe=One-Click", content_type)
    assert answer.status_code == 200
    assert item_of(fake_site.tables, a_petition(), identity)["updates"] is False


@pytest.mark.parametrize("state", ["removed", "closed"])
def test_links_to_withdraw_and_unsubscribe_work_for_a_removed_or_closed_petition(
    fake_site: FakeSite, state: str
) -> None:
    identity = sign_and_email_alice(fake_site)
    post(fake_site, fake_site.last_link("confirm"))
    a_published_petition(fake_site.tables, state=state, closes_at=NOW - 2 * DAY)
    forget_all()
    for purpose in ("unsubscribe", "withdraw"):
        assert fake_site.get(fake_site.last_link(purpose)).status_code == 200
        assert post(fake_site, fake_site.last_link(purpose)).status_code == 200
    assert item_of(fake_site.tables, a_petition(), identity)["state"] == "withdrawn"


@every_link
def test_pages_about_one_person_are_not_cached(fake_site: FakeSite, purpose: str) -> None:
    sign_and_email_alice(fake_site)
    for answer in (fake_site.get(fake_site.last_link(purpose)), post(fake_site, fake_site.last_link(purpose))):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@every_link
@pytest.mark.parametrize(
    "token", ["", "x", "a.b", "~~~~.x", "%00", "%ff%fe", "é", "x" * 5000, "..", "safe-children~1~GB~direct~0.x"]
)
def test_a_damaged_link_leads_to_a_helpful_page(fake_site: FakeSite, purpose: str, token: str) -> None:
    for answer in (fake_site.get(f"/{purpose}?token={token}"), fake_site.post_form(f"/{purpose}", {"token": token})):
        assert answer.status_code == 400
        assert "incomplete" in answer.body.decode()
    assert fake_site.get(f"/{purpose}").status_code == 400
    assert fake_site.post(f"/{purpose}", b"", FORM).status_code == 400


@every_link
def test_a_link_for_another_purpose_does_nothing(fake_site: FakeSite, purpose: str) -> None:
    identity = sign_and_email_alice(fake_site)
    before = dict(item_of(fake_site.tables, a_petition(), identity))
    for other in LINKS:
        if other != purpose:
            token = token_in(fake_site.last_link(other))
            assert fake_site.post_form(f"/{purpose}", {"token": token}).status_code == 400
    assert item_of(fake_site.tables, a_petition(), identity) == before


def test_an_expired_link_leads_to_a_page_that_says_so(fake_site: FakeSite) -> None:
    sign_and_email_alice(fake_site)
    link = fake_site.last_link("confirm")
    fake_site.clock.forward(14 * DAY)
    for answer in (fake_site.get(link), post(fake_site, link)):
        assert answer.status_code == 410
        assert "expired" in answer.body.decode()
    assert count(fake_site) == 0
    assert fake_site.get(fake_site.last_link("withdraw")).status_code == 200


def test_confirming_a_deleted_signature_is_410_and_withdrawing_or_unsubscribing_is_200(fake_site: FakeSite) -> None:
    subject = Subject("safe-children", "0" * 32, "GB", "direct")
    for purpose, status in ((Purpose.CONFIRM, 410), (Purpose.WITHDRAW, 200), (Purpose.UNSUBSCRIBE, 200)):
        token = tokens.issue(purpose, subject, NOW + DAY, TOKEN_KEYS)
        assert fake_site.post_form(f"/{purpose}", {"token": token}).status_code == status
    assert not [key for key in fake_site.tables.items if key.table == keys.SIGNATURES]


@pytest.mark.parametrize("purpose", ["confirm", "stop", "unsubscribe", "withdraw"])
def test_a_post_of_the_bare_link_presses_the_button(fake_site: FakeSite, purpose: str) -> None:
    sign_and_email_alice(fake_site)
    link = fake_site.last_link(purpose)
    bare, pressed = fake_site.client.http.post(link), post(fake_site, link)
    assert (bare.status_code, bare.body) == (200, pressed.body)


def test_links_in_an_already_signed_email_show_nothing_personal(fake_site: FakeSite) -> None:
    identity = confirmed(fake_site.tables, a_petition(), updates=True)
    for _ in range(2):  # The second time, the email still waits.
        fake_site.clock.forward(DAY)
        signed(fake_site.tables, a_petition(), now=fake_site.clock())
    request = request_of(fake_site.tables, a_petition(), identity)
    assert request.kind == MailKind.ALREADY_SIGNED
    fake_site.deliver("send_mail", [request.model_dump()])
    for purpose in ("withdraw", "unsubscribe"):
        body = fake_site.get(fake_site.last_link(purpose)).body.decode()
        assert ALICE.name not in body
        assert ALICE.email not in body


def test_the_confirm_page_has_a_link_to_withdraw_the_same_signature(fake_site: FakeSite) -> None:
    identity = sign_and_email_alice(fake_site)
    page = fake_site.get(fake_site.last_link("confirm")).body.decode()
    link = "/withdraw?token=" + page.split('href="/withdraw?token=')[1].split('"')[0]
    assert fake_site.get(link).status_code == 200
    assert tokens.read(Purpose.WITHDRAW, token_in(link), NOW, TOKEN_KEYS).signature_id == identity
