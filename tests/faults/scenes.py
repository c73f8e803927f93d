"""Scenes: how each handler is called, and what must be true afterwards.

`act` returns whether the handler succeeded. It fails if the handler neither succeeds nor asks for a retry.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from chalicelib.core import keys, mail_keys, tokens
from chalicelib.core.errors import Unavailable
from chalicelib.core.times import iso
from chalicelib.core.tokens import Purpose
from chalicelib.edge.batch import BatchFailed, RunFailed
from chalicelib.mail import outstanding
from chalicelib.mail.budget import look, take
from chalicelib.mail.first_emails import BURST, book
from chalicelib.mail.mailbox import mailbox_of
from chalicelib.mail.model import MailRequest
from chalicelib.mail.pause import is_paused, pause_mail
from chalicelib.mail.signature_kinds import delivery_key
from chalicelib.mail.stop import choice_of, is_stopped, stop, stop_token
from chalicelib.mail.watch import NEARLY_NONE
from chalicelib.projections.breakdowns import pending_count
from chalicelib.projections.recount import recount
from chalicelib.shedding.level import Level, shed
from chalicelib.signatures.withdraw import withdraw
from chalicelib.staff import authorizer
from chalicelib.tallies.count import Days, breakdowns, exact_count
from tests.actors import (
    ALICE,
    BOB,
    CHARLIE,
    DAY,
    LIMIT_KEYS,
    NOW,
    TOKEN_KEYS,
    a_petition,
    bobs_token,
    change_item,
    confirmed,
    fields_of,
    identity_of,
    item_of,
    json_of,
    key_of,
    request_of,
    signed,
    subject_of,
)  # fmt: skip
from tests.served import Served, context, schedule_event, stream_event

PETITION = a_petition()
KEY = key_of(PETITION, identity_of(PETITION))
SUBJECT = subject_of(PETITION, KEY.sk)
LATER = timedelta(hours=2)
Act = Callable[[Served], bool]
Then = Callable[[Served], None]


@dataclass(frozen=True)
class Scene:
    """A handler, by its name in app.py. `again`: the time until the caller retries. `sends`: whether a sender sends."""

    handler: str
    before: Callable[[Served], object]
    act: Act
    then: Then
    again: timedelta = timedelta(seconds=11)
    sends: bool = True

    def __str__(self) -> str:
        return f"{self.handler}-{self.before.__name__}"


def few_partitions(patch: pytest.MonkeyPatch) -> None:
    """Give a petition four partitions instead of 64, Alice's among them. Each is handled like the others."""
    alices = keys.BUCKETS.index(keys.bucket_of(KEY.sk))
    patch.setattr(keys, "BUCKETS", keys.BUCKETS[alices - alices % 4 :][:4])
    assert key_of(PETITION, KEY.sk) == KEY


def answered(answer: Any, good: int) -> bool:
    assert answer.status_code in (good, 503)
    if answer.status_code == 503:
        assert int(answer.headers["Retry-After"]) > 0
    return bool(answer.status_code == good)


def got(path: str, served: Served) -> bool:
    return answered(served.get(path), 200)


def link(purpose: Purpose, *, ends: timedelta = 900 * DAY) -> str:
    return f"/{purpose}?token={tokens.issue(purpose, SUBJECT, NOW + ends, TOKEN_KEYS)}"


def posted(path: str, fields: dict[str, str], good: int, served: Served) -> bool:
    return answered(served.post_form(path, fields), good)


def ran(function: str, event: Callable[[Served], dict[str, Any]], served: Served) -> bool:
    try:
        served.invoke(function, event(served))
    except (BatchFailed, RunFailed):
        return False
    return True


def delivered(function: str, messages: Callable[[Served], list[Any]], served: Served) -> bool:
    return served.deliver(function, messages(served)) == []


def counted_right(served: Served) -> None:
    """Assert that the total and every breakdown equal the number of confirmed signatures."""
    items = [item for key, item in served.tables.items.items() if key.table == keys.SIGNATURES]
    number = sum(item["state"] == "confirmed" for item in items)
    assert exact_count(PETITION, served.clock(), served.tables).confirmed == number
    for found in breakdowns(PETITION, Days(), served.clock(), served.tables):
        assert found.confirmed == sum(found.values.values()) == number


def is_now(state: str, served: Served) -> None:
    assert item_of(served.tables, PETITION, KEY.sk)["state"] == state
    counted_right(served)


def public_is_exact(served: Served) -> None:
    """Assert that the public count is exact once any lease of a killed reader has expired."""
    served.clock.forward(timedelta(seconds=11))
    shown = served.get("/api/petitions/safe-children/count").json_body["count"]
    assert shown == exact_count(PETITION, served.clock(), served.tables).confirmed == 1


# The state before the call.
def nothing(served: Served) -> None:
    """Only the petition exists."""


def alice_pending(served: Served) -> None:
    signed(served.tables, PETITION)


def alice_from_elsewhere(served: Served) -> None:
    signed(served.tables, PETITION, country="NL", source="bbc")


def alice_confirmed(served: Served) -> None:
    confirmed(served.tables, PETITION)


def alice_withdrawn(served: Served) -> None:
    alice_confirmed(served)
    withdraw(KEY, PETITION, NOW, served.tables)


def alice_taken_back(served: Served) -> None:
    """Staff undid the import that brought her."""
    alice_withdrawn(served)
    change_item(served.tables, PETITION, KEY.sk, taken_back_at=iso(NOW))


def counted_days_ago(served: Served) -> None:
    """There are days to close, and the snapshot is stale."""
    confirmed(served.tables, PETITION, now=NOW - 2 * DAY)


def never_counted_for_the_public(served: Served) -> None:
    counted_days_ago(served)
    del served.tables.items[keys.snapshot(PETITION.slug)]


def three_people(served: Served) -> None:
    alice_pending(served)
    confirmed(served.tables, PETITION, BOB)
    signed(served.tables, PETITION, CHARLIE)


def shown_right(path: str, served: Served) -> bool:
    """Return whether the count was shown. It may be the exact or the stale one."""
    answer = served.get(path)
    if answer.status_code == 200:
        assert answer.json_body["count"] in (0, 1)
    return answered(answer, 200)


def staff_read(path: str, served: Served) -> bool:
    try:
        answer = served.get(path, authorization=f"Bearer {served.bob}")  # type: ignore[attr-defined]
    except Unavailable:
        return False  # Raised by the authorizer; API Gateway answers 503.
    if answer.status_code == 200 and "csv" not in path:
        body = json.loads(answer.body)
        assert (body["petitions"][0] if "petitions" in body else body)["confirmed"] == 1
    return answered(answer, 200)


def bob_asks(served: Served) -> None:
    counted_days_ago(served)
    served.bob = bobs_token(served.tables)  # type: ignore[attr-defined]


def is_authorized(served: Served) -> bool:
    arn = "arn:aws:execute-api:eu-west-2:1:abc/site/GET/api/staff/petitions"
    event = {"type": "TOKEN", "authorizationToken": f"Bearer {served.bob}", "methodArn": arn}  # type: ignore[attr-defined]
    try:
        policy = authorizer.staff_authorizer(event, context())
    except Unavailable:
        return False  # API Gateway then answers 503. "Unauthorized" would be wrong.
    return bool(policy["policyDocument"]["Statement"][0]["Effect"] == "Allow")


def stream(served: Served) -> dict[str, Any]:
    """Three people signed, then Bob confirmed."""
    items = [item_of(served.tables, PETITION, identity_of(PETITION, who)) for who in (ALICE, BOB, CHARLIE)]
    fresh = [{**item, "state": "pending"} for item in items]
    signings = [(str(number), None, item) for number, item in enumerate(fresh, 1)]
    return stream_event([*signings, ("9", fresh[1], items[1])])


def pending_is_right(served: Served) -> None:
    served.invoke("project_signatures", stream(served))
    assert pending_count(PETITION.slug, served.tables) == 2


def bounce(_: Served) -> list[Any]:
    tags = {"kind": ["confirm"], "key": [delivery_key(PETITION.slug, KEY.sk)]}
    return [{"eventType": "Bounce", "bounce": {"bounceType": "Permanent"}, "mail": {"tags": tags}}]


def gets_no_mail(served: Served) -> None:
    item = item_of(served.tables, PETITION, KEY.sk)
    assert item["undeliverable"] == "bounced"
    assert "mail_kind" not in item


def requests(served: Served) -> list[Any]:
    if not hasattr(served, "request"):
        served.request = request_of(served.tables, PETITION, KEY.sk).model_dump()  # type: ignore[attr-defined]
    return [served.request]  # type: ignore[attr-defined]


def alice_is_mailed(served: Served) -> None:
    assert "mail_kind" not in item_of(served.tables, PETITION, KEY.sk)
    assert {mail.to for mail in served.mailer.mails} == {ALICE.email}


def alice_is_queued(served: Served) -> None:
    assert {message["key"] for message in served.queue.messages} == {delivery_key(PETITION.slug, KEY.sk)}
    for message in (*served.queue.messages, *served.queue.messages):
        served.clock.forward(timedelta(minutes=6))
        assert served.deliver("send_mail", [message]) == []
    assert len(served.mailer.mails) == 1


def is_kept_and_mailed_once(served: Served) -> None:
    for _ in range(2):
        assert served.deliver("store_overflow", served.overflow.messages) == []
    item = item_of(served.tables, PETITION, KEY.sk)
    assert (item["state"], item["name"], item["mail_kind"]) == ("pending", ALICE.name, "confirm")


def overflowed(served: Served) -> None:
    shed(Level.ACCEPT_ONLY, served.tables)
    assert served.post_json("/api/petitions/safe-children/signatures", json_of()).status_code == 202
    shed(Level.NORMAL, served.tables)


def alice_stopped(served: Served) -> None:
    alice_pending(served)
    stop(CHOICE, SUBJECT, served.tables)


def alice_from_a_busy_network(served: Served) -> None:
    for _ in range(3 * BURST):
        book("busy", NOW + LATER, served.tables)
    alice_pending(served)
    change_item(served.tables, PETITION, KEY.sk, mail_network="busy")


def alice_had_emails(served: Served) -> None:
    """The sender finds that the budget of the address is used up for hours."""
    mailbox, now = mailbox_of(ALICE.email, LIMIT_KEYS), NOW + LATER - timedelta(minutes=75)
    for number in range(4):
        now = look(mailbox, PETITION.slug, now, served.tables).next_at
        take(mailbox, PETITION.slug, MailRequest(kind="confirm", key=str(number), requested_at=""), now, served.tables)
    alice_pending(served)


def alice_postponed(served: Served) -> None:
    alice_pending(served)
    change_item(served.tables, PETITION, KEY.sk, mail_due_at=iso(NOW + 2 * LATER))
    outstanding.mark(outstanding.group_of(KEY), NOW, served.tables)


def marked_without_email(served: Served) -> None:
    outstanding.mark(outstanding.group_of(KEY), NOW - timedelta(days=1), served.tables)


def no_group_is_marked(served: Served) -> None:
    assert outstanding.markers(served.tables) == []


def alice_waits(served: Served) -> None:
    assert item_of(served.tables, PETITION, KEY.sk)["mail_due_at"] > iso(served.clock())
    assert served.queue.messages == []


def waits_then_is_mailed(served: Served) -> None:
    if served.mailer.mails:
        alice_is_mailed(served)
    else:
        alice_waits(served)
    assert "mail_network" not in item_of(served.tables, PETITION, KEY.sk)


def email_is_stopped(served: Served) -> None:
    assert is_stopped(CHOICE, served.tables)
    is_now("pending", served)


def email_is_allowed(served: Served) -> None:
    assert not is_stopped(CHOICE, served.tables)
    is_now("pending", served)


def nothing_drifts(served: Served) -> None:
    found = recount(PETITION, served.clock, served.tables)
    assert (found.worst, found.confirmed) == (0, 1)


def event_sources_are_enabled(served: Served) -> None:
    assert not is_paused(served.clock(), served.tables)
    assert served.source.is_open
    assert served.other_source.is_open


def sending_paused(served: Served) -> None:
    pause_mail(NOW + LATER, served.tables)


def event_sources_are_disabled(served: Served) -> None:
    assert not served.source.is_open
    assert not served.other_source.is_open


def a_crowd_waits(served: Served) -> None:
    served.queue.messages = [{}] * (NEARLY_NONE + 1)


def confirmations_have_the_whole_rate(served: Served) -> None:
    assert served.source.is_open
    assert not served.other_source.is_open
    assert served.tables.get(mail_keys.mail_whole_rate())


def event_sources_disabled(served: Served) -> None:
    served.source.is_open = served.other_source.is_open = False


def as_function(function: str, route: str, served: Served) -> bool:
    path = route.replace("{slug}", PETITION.slug)
    token = link(Purpose.CONFIRM).partition("=")[2]
    event = {
        "requestContext": {"httpMethod": "GET", "resourcePath": route, "path": path},
        "headers": {}, "pathParameters": {"slug": PETITION.slug}, "stageVariables": {}, "body": None,
        "multiValueQueryStringParameters": {"token": [token]}, "isBase64Encoded": False,
    }  # fmt: skip
    status: int = served.invoke(function, event)["statusCode"]
    assert status in (200, 503)
    return status == 200


SIGN, COUNT, STAFF = "/petitions/safe-children/signatures", "/api/petitions/safe-children", "/api/staff/petitions"
SHOWN, TAKEN = link(Purpose.CONFIRM), {"token": link(Purpose.CONFIRM).partition("=")[2]}
OLD = link(Purpose.CONFIRM, ends=timedelta(minutes=1))
CHOICE = choice_of(mailbox_of(ALICE.email, LIMIT_KEYS), PETITION.slug)
NO_EMAIL = f"/stop?token={stop_token(SUBJECT, CHOICE, NOW, TOKEN_KEYS)}"
BACK, STOP = link(Purpose.WITHDRAW), link(Purpose.UNSUBSCRIBE)
_pending, _confirmed, _withdrawn = (partial(is_now, state) for state in ("pending", "confirmed", "withdrawn"))
_schedule = lambda _: schedule_event()  # noqa: E731
SIX = timedelta(minutes=6)

SCENES = [
    Scene("read_asset", nothing, partial(got, "/assets/site.css"), counted_right),
    Scene("read_dashboard_file", nothing, partial(got, "/assets/staff/0/app.js"), counted_right),
    Scene("show_dashboard", nothing, partial(got, "/staff"), counted_right),
    Scene("read_openapi", nothing, partial(got, "/api/openapi.json"), counted_right),
    Scene("read_health", nothing, partial(got, "/health"), counted_right),
    Scene("show_petitions", counted_days_ago, partial(got, "/"), public_is_exact),
    Scene("list_petitions", counted_days_ago, partial(got, "/api/petitions"), public_is_exact),
    Scene("show_petition", counted_days_ago, partial(got, "/petitions/safe-children"), public_is_exact),
    Scene("show_card", counted_days_ago, partial(got, "/petitions/safe-children/card.png"), counted_right),
    Scene("show_embed", counted_days_ago, partial(got, "/embed/safe-children"), public_is_exact),
    Scene("show_counter", counted_days_ago, partial(got, "/embed/safe-children/counter"), public_is_exact),
    Scene("read_embed_script", nothing, partial(got, "/embed.js"), counted_right),
    Scene("show_thanks", nothing, partial(got, "/petitions/safe-children/thanks"), counted_right),
    Scene("read_petition", counted_days_ago, partial(shown_right, COUNT), public_is_exact),
    Scene("read_count", counted_days_ago, partial(shown_right, f"{COUNT}/count"), public_is_exact),
    Scene("read_count", alice_confirmed, partial(shown_right, f"{COUNT}/count"), public_is_exact),
    Scene("read_total", alice_confirmed, partial(got, f"{COUNT}/total"), public_is_exact),
    Scene("read_progress", alice_confirmed, partial(got, f"{COUNT}/progress"), public_is_exact),
    Scene("list_counts", bob_asks, partial(staff_read, STAFF), counted_right),
    Scene("read_counts", bob_asks, partial(staff_read, f"{STAFF}/safe-children/counts"), counted_right),
    Scene("read_counts", bob_asks, partial(staff_read, f"{STAFF}/safe-children/counts?by=hour"), counted_right),
    Scene("staff_authorizer", bob_asks, is_authorized, counted_right),
    Scene("sign_by_json", nothing, lambda served: answered(served.post_json(f"/api{SIGN}", json_of()), 202),
          is_kept_and_mailed_once),
    Scene("sign_by_form", nothing, partial(posted, SIGN, fields_of(), 303), is_kept_and_mailed_once),
    Scene("sign_by_form", alice_pending, partial(posted, SIGN, fields_of(), 303), is_kept_and_mailed_once),
    Scene("sign_by_form", counted_days_ago, partial(posted, SIGN, {"name": ""}, 422), public_is_exact),
    Scene("show_confirmation", alice_pending, partial(got, SHOWN), _pending),
    Scene("show_confirmation", alice_confirmed, partial(got, OLD), _confirmed),
    Scene("confirm_signature", alice_pending, partial(posted, "/confirm", TAKEN, 200), _confirmed),
    Scene("confirm_signature", alice_from_elsewhere, partial(posted, "/confirm", TAKEN, 200), _confirmed),
    Scene("confirm_signature", alice_confirmed, partial(posted, OLD, {}, 200), _confirmed),
    Scene("confirm_signature", alice_pending, partial(posted, "/confirm", {**TAKEN, "name": "="}, 422), _pending),
    Scene("show_withdrawal", alice_confirmed, partial(got, BACK), _confirmed),
    Scene("withdraw_signature", alice_pending, partial(posted, BACK, {}, 200), _withdrawn),
    Scene("withdraw_signature", alice_confirmed, partial(posted, BACK, {}, 200), _withdrawn),
    Scene("withdraw_signature", alice_taken_back, partial(posted, BACK, {}, 200), _withdrawn),
    Scene("withdraw_signature", alice_withdrawn, partial(posted, BACK, {}, 200), _withdrawn),
    Scene("show_unsubscription", alice_confirmed, partial(got, STOP), _confirmed),
    Scene("unsubscribe_from_updates", alice_confirmed, partial(posted, STOP, {}, 200), _confirmed),
    Scene("show_stop", alice_pending, partial(got, NO_EMAIL), _pending),
    Scene("show_stop", alice_stopped, partial(got, NO_EMAIL), email_is_stopped),
    Scene("stop_emails", alice_pending, partial(posted, NO_EMAIL, {}, 200), email_is_stopped),
    Scene("stop_emails", alice_stopped, partial(posted, NO_EMAIL, {"emails": "again"}, 200), email_is_allowed),
    Scene("links", alice_pending, partial(as_function, "links", "/confirm"), _pending),
    Scene("counts", counted_days_ago, partial(as_function, "counts", "/api/petitions/{slug}/count"), public_is_exact),
    Scene("project_signatures", three_people, partial(ran, "project_signatures", stream), pending_is_right),
    Scene("relay_mail", alice_pending, partial(ran, "relay_mail", lambda served: stream_event(
          [("1", None, item_of(served.tables, PETITION, KEY.sk))])), alice_is_queued),
    Scene("send_mail", alice_pending, partial(delivered, "send_mail", requests), alice_is_mailed, SIX),
    Scene("send_mail", alice_from_a_busy_network, partial(delivered, "send_mail", requests), waits_then_is_mailed, DAY),
    Scene("send_other_mail", alice_from_a_busy_network, partial(delivered, "send_other_mail", requests),
          waits_then_is_mailed, DAY),
    Scene("send_mail", alice_had_emails, partial(delivered, "send_mail", requests), waits_then_is_mailed, DAY),
    Scene("send_other_mail", alice_had_emails, partial(delivered, "send_other_mail", requests), waits_then_is_mailed,
          DAY),
    Scene("relay_mail", alice_postponed, partial(ran, "relay_mail", lambda served: stream_event(
          [("1", None, item_of(served.tables, PETITION, KEY.sk))])), alice_waits),
    Scene("send_other_mail", alice_pending, partial(delivered, "send_other_mail", requests), alice_is_mailed, SIX),
    Scene("receive_feedback", alice_pending, partial(delivered, "receive_feedback", bounce), gets_no_mail),
    Scene("watch_mail", event_sources_disabled, partial(ran, "watch_mail", _schedule), event_sources_are_enabled),
    Scene("watch_mail", a_crowd_waits, partial(ran, "watch_mail", _schedule), confirmations_have_the_whole_rate),
    Scene("watch_mail", sending_paused, partial(ran, "watch_mail", _schedule), event_sources_are_disabled),
    Scene("sweep_mail", alice_pending, partial(ran, "sweep_mail", _schedule), alice_is_queued),
    Scene("sweep_mail", marked_without_email, partial(ran, "sweep_mail", _schedule), no_group_is_marked),
    Scene("store_overflow", overflowed, partial(delivered, "store_overflow", lambda served: served.overflow.messages),
          is_kept_and_mailed_once),
    Scene("recount_tallies", counted_days_ago, partial(ran, "recount_tallies", _schedule), nothing_drifts),
]  # fmt: skip
