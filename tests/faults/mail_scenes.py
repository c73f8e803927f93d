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
from tests.fake_site import FakeSite, stream_event
from tests.faults.scenes import KEY, LATER, PETITION, SIX_MINUTES, Scene, _schedule, alice_pending, deliver, run


def bounce(_: FakeSite) -> list[Any]:
    tags = {"kind": ["confirm"], "key": [delivery_key(PETITION.slug, KEY.sk)]}
    return [{"eventType": "Bounce", "bounce": {"bounceType": "Permanent"}, "mail": {"tags": tags}}]


def gets_no_mail(fake_site: FakeSite) -> None:
    item = item_of(fake_site.tables, PETITION, KEY.sk)
    assert item["undeliverable"] == "bounced"
    assert "mail_kind" not in item


def requests(fake_site: FakeSite) -> list[Any]:
    if not hasattr(fake_site, "request"):
        fake_site.request = request_of(fake_site.tables, PETITION, KEY.sk).model_dump()  # type: ignore[attr-defined]
    return [fake_site.request]  # type: ignore[attr-defined]


def alice_is_mailed(fake_site: FakeSite) -> None:
    assert "mail_kind" not in item_of(fake_site.tables, PETITION, KEY.sk)
    assert {mail.to for mail in fake_site.mailer.mails} == {ALICE.email}


def alice_is_queued(fake_site: FakeSite) -> None:
    assert {message["key"] for message in fake_site.queue.messages} == {delivery_key(PETITION.slug, KEY.sk)}
    for message in (*fake_site.queue.messages, *fake_site.queue.messages):
        fake_site.clock.forward(timedelta(minutes=6))
        assert fake_site.deliver("send_mail", [message]) == []
    assert len(fake_site.mailer.mails) == 1


def alice_from_a_busy_network(fake_site: FakeSite) -> None:
    for _ in range(3 * BURST):
        book("busy", NOW + LATER, fake_site.tables)
    alice_pending(fake_site)
    change_item(fake_site.tables, PETITION, KEY.sk, mail_network="busy")


def alice_had_emails(fake_site: FakeSite) -> None:
    """The sender finds that the budget of the address is used up for hours."""
    mailbox, now = mailbox_of(ALICE.email, LIMIT_KEYS), NOW + LATER - timedelta(minutes=75)
    for number in range(4):
        now = read_allowance(mailbox, PETITION.slug, now, fake_site.tables).next_at
        take_email(
            mailbox, PETITION.slug, MailRequest(kind="confirm", key=str(number), requested_at=""), now, fake_site.tables
        )
    alice_pending(fake_site)


def alice_postponed(fake_site: FakeSite) -> None:
    alice_pending(fake_site)
    change_item(fake_site.tables, PETITION, KEY.sk, mail_due_at=iso(NOW + 2 * LATER))
    outstanding.mark(outstanding.group_of(KEY), NOW, fake_site.tables)


def marked_without_email(fake_site: FakeSite) -> None:
    outstanding.mark(outstanding.group_of(KEY), NOW - timedelta(days=1), fake_site.tables)


def no_group_is_marked(fake_site: FakeSite) -> None:
    assert outstanding.markers(fake_site.tables) == []


def alice_waits(fake_site: FakeSite) -> None:
    assert item_of(fake_site.tables, PETITION, KEY.sk)["mail_due_at"] > iso(fake_site.clock())
    assert fake_site.queue.messages == []


def waits_then_is_mailed(fake_site: FakeSite) -> None:
    if fake_site.mailer.mails:
        alice_is_mailed(fake_site)
    else:
        alice_waits(fake_site)
    assert "mail_network" not in item_of(fake_site.tables, PETITION, KEY.sk)


def event_sources_are_enabled(fake_site: FakeSite) -> None:
    assert not is_paused(fake_site.clock(), fake_site.tables)
    assert fake_site.source.is_open
    assert fake_site.other_source.is_open


def sending_paused(fake_site: FakeSite) -> None:
    pause_mail(NOW + LATER, fake_site.tables)


def event_sources_are_disabled(fake_site: FakeSite) -> None:
    assert not fake_site.source.is_open
    assert not fake_site.other_source.is_open


def a_crowd_waits(fake_site: FakeSite) -> None:
    fake_site.queue.messages = [{}] * (MAX_URGENT_WAITING + 1)


def confirmations_have_the_whole_rate(fake_site: FakeSite) -> None:
    assert fake_site.source.is_open
    assert not fake_site.other_source.is_open
    assert fake_site.tables.get(mail_keys.mail_whole_rate())


def event_sources_disabled(fake_site: FakeSite) -> None:
    fake_site.source.is_open = fake_site.other_source.is_open = False


MAIL_SCENES = [
    Scene("relay_mail", alice_pending, partial(run, "relay_mail", lambda fake_site: stream_event(
          [("1", None, item_of(fake_site.tables, PETITION, KEY.sk))])), alice_is_queued),
    Scene("send_mail", alice_pending, partial(deliver, "send_mail", requests), alice_is_mailed, SIX_MINUTES),
    Scene("send_mail", alice_from_a_busy_network, partial(deliver, "send_mail", requests), waits_then_is_mailed, DAY),
    Scene("send_other_mail", alice_from_a_busy_network, partial(deliver, "send_other_mail", requests),
          waits_then_is_mailed, DAY),
    Scene("send_mail", alice_had_emails, partial(deliver, "send_mail", requests), waits_then_is_mailed, DAY),
    Scene("send_other_mail", alice_had_emails, partial(deliver, "send_other_mail", requests), waits_then_is_mailed,
          DAY),
    Scene("relay_mail", alice_postponed, partial(run, "relay_mail", lambda fake_site: stream_event(
          [("1", None, item_of(fake_site.tables, PETITION, KEY.sk))])), alice_waits),
    Scene("send_other_mail", alice_pending, partial(deliver, "send_other_mail", requests), alice_is_mailed,
          SIX_MINUTES),
    Scene("receive_feedback", alice_pending, partial(deliver, "receive_feedback", bounce), gets_no_mail),
    Scene("watch_mail", event_sources_disabled, partial(run, "watch_mail", _schedule), event_sources_are_enabled),
    Scene("watch_mail", a_crowd_waits, partial(run, "watch_mail", _schedule), confirmations_have_the_whole_rate),
    Scene("watch_mail", sending_paused, partial(run, "watch_mail", _schedule), event_sources_are_disabled),
    Scene("sweep_mail", alice_pending, partial(run, "sweep_mail", _schedule), alice_is_queued),
    Scene("sweep_mail", marked_without_email, partial(run, "sweep_mail", _schedule), no_group_is_marked),
]  # fmt: skip
