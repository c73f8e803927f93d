"""Scenes of the links in emails: confirm, withdraw, unsubscribe, stop."""

from datetime import timedelta
from functools import partial

from chalicelib.core.tokens import Purpose
from chalicelib.mail.mailbox import mailbox_of
from chalicelib.mail.stop import choice_of, is_stopped, stop, stop_token
from tests.actors import (
    ALICE,
    LIMIT_KEYS,
    NOW,
    TOKEN_KEYS,
    signed,
)  # fmt: skip
from tests.fake_site import FakeSite
from tests.faults.scenes import (
    PETITION,
    SUBJECT,
    Scene,
    alice_confirmed,
    alice_pending,
    alice_taken_back,
    alice_withdrawn,
    get,
    is_now,
    link,
    post,
)


def alice_from_elsewhere(fake_site: FakeSite) -> None:
    signed(fake_site.tables, PETITION, country="NL", source="bbc")


def alice_stopped(fake_site: FakeSite) -> None:
    alice_pending(fake_site)
    stop(CHOICE, SUBJECT, fake_site.tables)


def email_is_stopped(fake_site: FakeSite) -> None:
    assert is_stopped(CHOICE, fake_site.tables)
    is_now("pending", fake_site)


def email_is_allowed(fake_site: FakeSite) -> None:
    assert not is_stopped(CHOICE, fake_site.tables)
    is_now("pending", fake_site)


def as_function(function: str, route: str, fake_site: FakeSite) -> bool:
    path = route.replace("{slug}", PETITION.slug)
    token = link(Purpose.CONFIRM).partition("=")[2]
    event = {
        "requestContext": {"httpMethod": "GET", "resourcePath": route, "path": path},
        "headers": {}, "pathParameters": {"slug": PETITION.slug}, "stageVariables": {}, "body": None,
        "multiValueQueryStringParameters": {"token": [token]}, "isBase64Encoded": False,
    }  # fmt: skip
    status: int = fake_site.invoke(function, event)["statusCode"]
    assert status in (200, 503)
    return status == 200


CONFIRM_LINK, TOKEN = link(Purpose.CONFIRM), {"token": link(Purpose.CONFIRM).partition("=")[2]}
OLD_LINK = link(Purpose.CONFIRM, ends=timedelta(minutes=1))
CHOICE = choice_of(mailbox_of(ALICE.email, LIMIT_KEYS), PETITION.slug)
STOP_LINK = f"/stop?token={stop_token(SUBJECT, CHOICE, NOW, TOKEN_KEYS)}"
WITHDRAW_LINK, UNSUBSCRIBE_LINK = link(Purpose.WITHDRAW), link(Purpose.UNSUBSCRIBE)

_pending, _confirmed, _withdrawn = (partial(is_now, state) for state in ("pending", "confirmed", "withdrawn"))

LINK_SCENES = [
    Scene("show_confirmation", alice_pending, partial(get, CONFIRM_LINK), _pending),
    Scene("show_confirmation", alice_confirmed, partial(get, OLD_LINK), _confirmed),
    Scene("confirm_signature", alice_pending, partial(post, "/confirm", TOKEN, 200), _confirmed),
    Scene("confirm_signature", alice_from_elsewhere, partial(post, "/confirm", TOKEN, 200), _confirmed),
    Scene("confirm_signature", alice_confirmed, partial(post, OLD_LINK, {}, 200), _confirmed),
    Scene("confirm_signature", alice_pending, partial(post, "/confirm", {**TOKEN, "name": "="}, 422), _pending),
    Scene("show_withdrawal", alice_confirmed, partial(get, WITHDRAW_LINK), _confirmed),
    Scene("withdraw_signature", alice_pending, partial(post, WITHDRAW_LINK, {}, 200), _withdrawn),
    Scene("withdraw_signature", alice_confirmed, partial(post, WITHDRAW_LINK, {}, 200), _withdrawn),
    Scene("withdraw_signature", alice_taken_back, partial(post, WITHDRAW_LINK, {}, 200), _withdrawn),
    Scene("withdraw_signature", alice_withdrawn, partial(post, WITHDRAW_LINK, {}, 200), _withdrawn),
    Scene("show_unsubscription", alice_confirmed, partial(get, UNSUBSCRIBE_LINK), _confirmed),
    Scene("unsubscribe_from_updates", alice_confirmed, partial(post, UNSUBSCRIBE_LINK, {}, 200), _confirmed),
    Scene("show_stop", alice_pending, partial(get, STOP_LINK), _pending),
    Scene("show_stop", alice_stopped, partial(get, STOP_LINK), email_is_stopped),
    Scene("stop_emails", alice_pending, partial(post, STOP_LINK, {}, 200), email_is_stopped),
    Scene("stop_emails", alice_stopped, partial(post, STOP_LINK, {"emails": "again"}, 200), email_is_allowed),
    Scene("links", alice_pending, partial(as_function, "links", "/confirm"), _pending),
]  # fmt: skip
