"""The interval between two emails to one address grows. Email beyond it waits, and delays no email of others."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.address import signature_id
from chalicelib.core.times import iso
from chalicelib.mail.budget import FORGET_AFTER, TURN_KEPT_FOR, read_allowance, take_email
from chalicelib.mail.kind import Outbox
from chalicelib.mail.model import MailRequest, mailbox_of
from chalicelib.mail.relay import relay
from chalicelib.mail.send import SendResult, send
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS
from chalicelib.mail.sweep import sweep
from chalicelib.petitions.model import Petition
from tests.actors import (
    ALICE,
    LIMIT_KEYS,
    MINUTE,
    NOW,
    SECRET,
    Person,
    a_mail_context,
    a_published_petition,
    change_item,
    confirmed,
    identity_of,
    item_of,
    request_of,
    signed,
)
from tests.fakes import FakeQueue, FakeTables
from tests.mail.pipeline import MailPipeline
from tests.streaming import Streaming

HOUR = timedelta(hours=1)
ALICES_MAILBOX = mailbox_of(ALICE.email, LIMIT_KEYS)
SLUG = "safe-children"


def a_request(number: int = 0) -> MailRequest:
    return MailRequest(kind="confirm", key=f"{SLUG}_{number:032x}", requested_at=iso(NOW))


def take_emails(tables: Tables, count: int, now: datetime = NOW) -> datetime:
    """Take emails from the budget as soon as it allows them, and return when the next one is allowed."""
    for number in range(count):
        now = read_allowance(ALICES_MAILBOX, SLUG, now, tables).next_at
        assert take_email(ALICES_MAILBOX, SLUG, a_request(number), now, tables).next_at == now
    return read_allowance(ALICES_MAILBOX, SLUG, now, tables).next_at


def test_a_new_address_costs_one_write(tables: FakeTables) -> None:
    take_email(ALICES_MAILBOX, SLUG, a_request(), NOW, tables)
    assert tables.calls == ["update"]
    assert tables.items[ALICES_MAILBOX.key]["expires_at"] == int((NOW + MINUTE + FORGET_AFTER).timestamp())


def test_an_attacker_who_signs_again_and_again_does_not_take_every_turn_of_the_owner() -> None:
    pipeline = MailPipeline(Streaming())
    attacked = [a_published_petition(pipeline.tables, slug=slug) for slug in ("aaa", "bbb")]
    owners_petition = a_published_petition(pipeline.tables, slug="zzz")

    def attack(now: datetime) -> None:
        if now.minute % 15 == 0:
            for petition in attacked:
                signed(pipeline.tables, petition, Person("Mallory", ALICE.email), now)
        if now == NOW + 12 * HOUR:
            signed(pipeline.tables, owners_petition, now=now)

    pipeline.run(NOW + 36 * HOUR, attack)
    assert item_of(pipeline.tables, owners_petition, identity_of(owners_petition))["mails"] == 1


def test_a_kept_turn_is_given_to_others_if_its_email_does_not_come(tables: FakeTables) -> None:
    """The email may not come because its signature was withdrawn or erased meanwhile."""
    turn = take_emails(tables, 4)
    early = a_request(8).model_copy(update={"requested_at": iso(NOW + MINUTE)})
    late = a_request(9).model_copy(update={"requested_at": iso(NOW + HOUR)})
    assert take_email(ALICES_MAILBOX, SLUG, late, turn - HOUR, tables).next_at == turn
    assert take_email(ALICES_MAILBOX, SLUG, early, turn - HOUR, tables).next_at == turn
    for now in (turn - MINUTE, turn):
        assert take_email(ALICES_MAILBOX, SLUG, late, now, tables).next_at == turn + TURN_KEPT_FOR
    assert take_email(ALICES_MAILBOX, SLUG, late, turn + TURN_KEPT_FOR, tables).next_at == turn + TURN_KEPT_FOR
    assert "waiting" not in tables.items[ALICES_MAILBOX.key]


def test_the_limit_of_an_address_contains_no_address_name_petition_or_known_hash(
    tables: FakeTables, petition: Petition
) -> None:
    request = request_of(tables, petition, signed(tables, petition))
    send(request, SIGNATURE_KINDS, a_mail_context(), NOW, tables)
    [(key, item)] = [(key, item) for key, item in tables.items.items() if key.table == keys.LIMITS]
    stored = f"{key} {item}".lower()
    slugs = ("", petition.slug)
    known = [signature_id(slug, ALICE.email, secret) for slug in slugs for secret in (SECRET, LIMIT_KEYS["v1"])]
    words: Sequence[str] = (*ALICE.email.split("@"), ALICE.name.lower(), petition.slug, request.key, *known)
    assert not [word for word in words if word in stored]


def test_a_receipt_takes_nothing_from_the_budget(tables: FakeTables, petition: Petition) -> None:
    """Otherwise the receipt of one signature would delay the email to confirm the person's next signature."""
    take_emails(tables, 3)
    identity = confirmed(tables, petition)
    change_item(tables, petition, identity, mail_kind="receipt", mail_requested_at=iso(NOW))
    request = request_of(tables, petition, identity)
    before = tables.items[ALICES_MAILBOX.key]
    assert send(request, SIGNATURE_KINDS, a_mail_context(), NOW, tables) is SendResult.SENT
    assert tables.items[ALICES_MAILBOX.key] == before


@pytest.mark.parametrize(
    ("wait", "delays"), [(10 * MINUTE, [602]), (10 * MINUTE + timedelta(microseconds=1), [603]), (40 * MINUTE, [])]
)
def test_a_postponed_email_is_queued_when_it_is_due(wait: timedelta, delays: list[int]) -> None:
    """The relay or the sweep queues the email in time. Otherwise it would wait for the next walk, an hour later."""
    tables, queue = Streaming(), FakeQueue()
    petition = a_published_petition(tables)
    outbox = Outbox(queue, queue, SIGNATURE_KINDS)
    identity = signed(tables, petition)
    relay([(None, item_of(tables, petition, identity))], NOW, outbox, tables)
    sweep(outbox, NOW, tables, lambda: 0.0)
    before = item_of(tables, petition, identity)
    SIGNATURE_KINDS["confirm"].state.postpone(request_of(tables, petition, identity), NOW + wait, tables)
    queue.delays.clear()
    relay([(before, item_of(tables, petition, identity))], NOW, outbox, tables)
    assert queue.delays == delays, "SQS delays a message by 15 minutes at most"
    if not delays:
        assert sweep(outbox, NOW + wait - MINUTE, tables, lambda: 0.0) == 0
        assert sweep(outbox, NOW + wait + MINUTE, tables, lambda: 0.0) == 1
