"""Links that are damaged, for another purpose, expired, or to a deleted signature."""

import pytest

from chalicelib.core import keys, tokens
from chalicelib.core.tokens import Purpose, Subject
from tests.actors import DAY, LINKS, NOW, TOKEN_KEYS, a_petition, item_of
from tests.fake_site import FORM, FakeSite, token_in
from tests.signatures.test_links import count, every_link, post, sign_and_email_alice


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


@pytest.mark.parametrize("purpose", ["withdraw", "unsubscribe", "stop"])
def test_an_expired_link_to_leave_does_not_ask_to_sign_again(fake_site: FakeSite, purpose: str) -> None:
    sign_and_email_alice(fake_site)
    link = fake_site.last_link(purpose)
    fake_site.clock.forward(3 * 366 * DAY)
    for answer in (fake_site.get(link), post(fake_site, link)):
        body = answer.body.decode()
        assert answer.status_code == 410
        assert "sign it again" not in body
        assert "the same link in a newer email" in body


def test_confirming_a_deleted_signature_is_410_and_withdrawing_or_unsubscribing_is_200(fake_site: FakeSite) -> None:
    subject = Subject("safe-children", "0" * 32, "GB", "direct")
    for purpose, status in ((Purpose.CONFIRM, 410), (Purpose.WITHDRAW, 200), (Purpose.UNSUBSCRIBE, 200)):
        token = tokens.issue(purpose, subject, NOW + DAY, TOKEN_KEYS)
        assert fake_site.post_form(f"/{purpose}", {"token": token}).status_code == status
    assert not [key for key in fake_site.tables.items if key.table == keys.SIGNATURES]
