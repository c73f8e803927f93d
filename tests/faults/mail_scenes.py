"""Scenes of the functions that send email, and of those that watch them."""

from datetime import timedelta
from functools import partial
from typing import Any

from chalicelib.core import mail_keys
from chalicelib.core.times import iso
from chalicelib.mail import outstanding
from chalicelib.mail.budget import read_allowance, take_email
from chalicelib.mail.first_emails import BURST, book
from chalicelib.mail.mailbox import mailbox_of
from chalicelib.mail.model import MailRequest
from chalicelib.mail.pause import is_paused, pause_mail
from chalicelib.mail.signature_kinds import delivery_key
from chalicelib.mail.watch import MAX_URGENT_WAITING
from tests.actors import (
    ALICE,
    DAY,
    LIMIT_KEYS,
    NOW,
    change_item,
    item_of,
    request_of,
)  # fmt: skip
from tests.faults.scenes import KEY, LATER, PETITION, SIX_MINUTES, Scene, _schedule, alice_pending, deliver, run
from tests.served import Served, stream_event


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


def alice_from_a_busy_network(served: Served) -> None:
    for _ in range(3 * BURST):
        book("busy", NOW + LATER, served.tables)
    alice_pending(served)
    change_item(served.tables, PETITION, KEY.sk, mail_network="busy")


def alice_had_emails(served: Served) -> None:
    """The sender finds that the budget of the address is used up for hours."""
    mailbox, now = mailbox_of(ALICE.email, LIMIT_KEYS), NOW + LATER - timedelta(minutes=75)
    for number in range(4):
        now = read_allowance(mailbox, PETITION.slug, now, served.tables).next_at
        take_email(
            mailbox, PETITION.slug, MailRequest(kind="confirm", key=str(number), requested_at=""), now, served.tables
        )
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
    served.queue.messages = [{}] * (MAX_URGENT_WAITING + 1)


def confirmations_have_the_whole_rate(served: Served) -> None:
    assert served.source.is_open
    assert not served.other_source.is_open
    assert served.tables.get(mail_keys.mail_whole_rate())


def event_sources_disabled(served: Served) -> None:
    served.source.is_open = served.other_source.is_open = False


MAIL_SCENES = [
    Scene("relay_mail", alice_pending, partial(run, "relay_mail", lambda served: stream_event(
          [("1", None, item_of(served.tables, PETITION, KEY.sk))])), alice_is_queued),
    Scene("send_mail", alice_pending, partial(deliver, "send_mail", requests), alice_is_mailed, SIX_MINUTES),
    Scene("send_mail", alice_from_a_busy_network, partial(deliver, "send_mail", requests), waits_then_is_mailed, DAY),
    Scene("send_other_mail", alice_from_a_busy_network, partial(deliver, "send_other_mail", requests),
          waits_then_is_mailed, DAY),
    Scene("send_mail", alice_had_emails, partial(deliver, "send_mail", requests), waits_then_is_mailed, DAY),
    Scene("send_other_mail", alice_had_emails, partial(deliver, "send_other_mail", requests), waits_then_is_mailed,
          DAY),
    Scene("relay_mail", alice_postponed, partial(run, "relay_mail", lambda served: stream_event(
          [("1", None, item_of(served.tables, PETITION, KEY.sk))])), alice_waits),
    Scene("send_other_mail", alice_pending, partial(deliver, "send_other_mail", requests), alice_is_mailed,
          SIX_MINUTES),
    Scene("receive_feedback", alice_pending, partial(deliver, "receive_feedback", bounce), gets_no_mail),
    Scene("watch_mail", event_sources_disabled, partial(run, "watch_mail", _schedule), event_sources_are_enabled),
    Scene("watch_mail", a_crowd_waits, partial(run, "watch_mail", _schedule), confirmations_have_the_whole_rate),
    Scene("watch_mail", sending_paused, partial(run, "watch_mail", _schedule), event_sources_are_disabled),
    Scene("sweep_mail", alice_pending, partial(run, "sweep_mail", _schedule), alice_is_queued),
    Scene("sweep_mail", marked_without_email, partial(run, "sweep_mail", _schedule), no_group_is_marked),
]  # fmt: skip
