"""Links that are damaged, for another purpose, expired, or to a deleted signature."""

import pytest

from chalicelib.core import keys, tokens
from chalicelib.core.tokens import Purpose, Subject
from tests.actors import DAY, LINKS, NOW, TOKEN_KEYS, a_petition, item_of
from tests.served import FORM, Served, token_in
from tests.signatures.test_links import alice_is_mailed, count, every_link, post


@every_link
@pytest.mark.parametrize(
    "token", ["", "x", "a.b", "~~~~.x", "%00", "%ff%fe", "é", "x" * 5000, "..", "safe-children~1~GB~direct~0.x"]
)
def test_a_damaged_link_leads_to_a_helpful_page(served: Served, purpose: str, token: str) -> None:
    for answer in (served.get(f"/{purpose}?token={token}"), served.post_form(f"/{purpose}", {"token": token})):
        assert answer.status_code == 400
        assert "incomplete" in answer.body.decode()
    assert served.get(f"/{purpose}").status_code == 400
    assert served.post(f"/{purpose}", b"", FORM).status_code == 400


@every_link
def test_a_link_for_another_purpose_does_nothing(served: Served, purpose: str) -> None:
    identity = alice_is_mailed(served)
    before = dict(item_of(served.tables, a_petition(), identity))
    for other in LINKS:
        if other != purpose:
            assert served.post_form(f"/{purpose}", {"token": token_in(served.last_link(other))}).status_code == 400
    assert item_of(served.tables, a_petition(), identity) == before


def test_an_expired_link_says_so(served: Served) -> None:
    alice_is_mailed(served)
    link = served.last_link("confirm")
    served.clock.forward(14 * DAY)
    for answer in (served.get(link), post(served, link)):
        assert answer.status_code == 410
        assert "expired" in answer.body.decode()
    assert count(served) == 0
    assert served.get(served.last_link("withdraw")).status_code == 200


def test_a_link_to_a_deleted_signature_says_so(served: Served) -> None:
    subject = Subject("safe-children", "0" * 32, "GB", "direct")
    for purpose, status in ((Purpose.CONFIRM, 410), (Purpose.WITHDRAW, 200), (Purpose.UNSUBSCRIBE, 200)):
        token = tokens.issue(purpose, subject, NOW + DAY, TOKEN_KEYS)
        assert served.post_form(f"/{purpose}", {"token": token}).status_code == status
    assert not [key for key in served.tables.items if key.table == keys.SIGNATURES]
