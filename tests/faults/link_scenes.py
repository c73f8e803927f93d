"""Scenes of the links in emails: confirm, withdraw, unsubscribe, stop."""

from datetime import timedelta
from functools import partial

from chalicelib.core.tokens import Purpose
from chalicelib.mail.budget import choice_of, is_stopped, stop, stop_token
from chalicelib.mail.model import mailbox_of
from chalicelib.partners.form import read_signature
from chalicelib.partners.receive import take_each
from chalicelib.tallies.count import exact_count
from tests.actors import (
    ALICE,
    LIMIT_KEYS,
    NOW,
    TOKEN_KEYS,
    signed,
)  # fmt: skip
from tests.fake_site import FakeSite, token_in
from tests.faults.scenes import (
    PETITION,
    SUBJECT,
    Scene,
    assert_alices_state,
    assert_exact_counts,
    get,
    link,
    post,
    with_alice_confirmed,
    with_alice_pending,
    with_alice_taken_back,
    with_alice_withdrawn,
)
from tests.partnering import a_partner, a_receiving_context, sent_of


def with_alice_from_the_netherlands(fake_site: FakeSite) -> None:
    signed(fake_site.tables, PETITION, country="NL", source="bbc")


def with_alice_counted_by_a_partner(fake_site: FakeSite) -> None:
    """She signed here too, and has not confirmed."""
    with_alice_pending(fake_site)
    oak = a_partner(fake_site.tables)
    receiving = a_receiving_context(fake_site.tables, PETITION, oak)
    take_each([read_signature(sent_of(), oak, NOW)], receiving, NOW)


def assert_confirmed_by_alice(fake_site: FakeSite) -> None:
    assert_alices_state("confirmed", fake_site)
    assert_exact_counts(fake_site)
    assert exact_count(PETITION, NOW, fake_site.tables).by_partners == 0


def with_email_to_alice_stopped(fake_site: FakeSite) -> None:
    with_alice_pending(fake_site)
    stop(CHOICE, SUBJECT, NOW, fake_site.tables)


def assert_email_is_stopped(fake_site: FakeSite) -> None:
    assert is_stopped(CHOICE, fake_site.tables)
    assert_alices_state("pending", fake_site)


def assert_email_is_allowed(fake_site: FakeSite) -> None:
    assert not is_stopped(CHOICE, fake_site.tables)
    assert_alices_state("pending", fake_site)


def invoke_route(function: str, route: str, fake_site: FakeSite) -> bool:
    path = route.replace("{slug}", PETITION.slug)
    event = {
        "requestContext": {"httpMethod": "GET", "resourcePath": route, "path": path},
        "headers": {}, "pathParameters": {"slug": PETITION.slug}, "stageVariables": {}, "body": None,
        "multiValueQueryStringParameters": {"token": [TOKEN["token"]]}, "isBase64Encoded": False,
    }  # fmt: skip
    status: int = fake_site.invoke(function, event)["statusCode"]
    assert status in (200, 503)
    return status == 200


CONFIRM_LINK = link(Purpose.CONFIRM)
TOKEN = {"token": token_in(CONFIRM_LINK)}
OLD_LINK = link(Purpose.CONFIRM, ends=timedelta(minutes=1))
CHOICE = choice_of(mailbox_of(ALICE.email, LIMIT_KEYS), PETITION.slug)
STOP_LINK = f"/stop?token={stop_token(SUBJECT, CHOICE, NOW, TOKEN_KEYS)}"
WITHDRAW_LINK, UNSUBSCRIBE_LINK = link(Purpose.WITHDRAW), link(Purpose.UNSUBSCRIBE)

assert_pending = partial(assert_alices_state, "pending")
assert_confirmed = partial(assert_alices_state, "confirmed")
assert_withdrawn = partial(assert_alices_state, "withdrawn")

LINK_SCENES = [
    Scene("show_confirmation", with_alice_pending, partial(get, CONFIRM_LINK), assert_pending),
    Scene("show_confirmation", with_alice_confirmed, partial(get, OLD_LINK), assert_confirmed),
    Scene("confirm_signature", with_alice_pending, partial(post, "/confirm", TOKEN, 200), assert_confirmed),
    Scene("confirm_signature", with_alice_from_the_netherlands, partial(post, "/confirm", TOKEN, 200),
          assert_confirmed),
    Scene("confirm_signature", with_alice_confirmed, partial(post, OLD_LINK, {}, 200), assert_confirmed),
    Scene("confirm_signature", with_alice_counted_by_a_partner, partial(post, "/confirm", TOKEN, 200),
          assert_confirmed_by_alice),
    Scene("confirm_signature", with_alice_pending, partial(post, "/confirm", {**TOKEN, "name": "="}, 422),
          assert_pending),
    Scene("show_withdrawal", with_alice_confirmed, partial(get, WITHDRAW_LINK), assert_confirmed),
    Scene("withdraw_signature", with_alice_pending, partial(post, WITHDRAW_LINK, {}, 200), assert_withdrawn),
    Scene("withdraw_signature", with_alice_confirmed, partial(post, WITHDRAW_LINK, {}, 200), assert_withdrawn),
    Scene("withdraw_signature", with_alice_taken_back, partial(post, WITHDRAW_LINK, {}, 200), assert_withdrawn),
    Scene("withdraw_signature", with_alice_withdrawn, partial(post, WITHDRAW_LINK, {}, 200), assert_withdrawn),
    Scene("show_unsubscription", with_alice_confirmed, partial(get, UNSUBSCRIBE_LINK), assert_confirmed),
    Scene("unsubscribe_from_updates", with_alice_confirmed, partial(post, UNSUBSCRIBE_LINK, {}, 200), assert_confirmed),
    Scene("show_stop", with_alice_pending, partial(get, STOP_LINK), assert_pending),
    Scene("show_stop", with_email_to_alice_stopped, partial(get, STOP_LINK), assert_email_is_stopped),
    Scene("stop_emails", with_alice_pending, partial(post, STOP_LINK, {}, 200), assert_email_is_stopped),
    Scene("stop_emails", with_email_to_alice_stopped, partial(post, STOP_LINK, {"emails": "again"}, 200),
          assert_email_is_allowed),
    Scene("links", with_alice_pending, partial(invoke_route, "links", "/confirm"), assert_pending),
]  # fmt: skip
