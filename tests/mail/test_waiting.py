"""Email beyond its address's budget waits. It is sent later, and does not delay the email of others."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.aws.email import Mail
from chalicelib.core import keys
from chalicelib.core.errors import Throttled
from chalicelib.core.times import iso
from chalicelib.mail.mailbox import mailbox_of
from chalicelib.mail.outbox import Outbox
from chalicelib.mail.relay import relay
from chalicelib.mail.send import SendResult, send
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS
from chalicelib.mail.sweep import sweep
from chalicelib.petitions.model import Petition
from chalicelib.signatures.withdraw import withdraw
from tests.actors import (
    ALICE,
    BOB,
    LIMIT_KEYS,
    MINUTE,
    NOW,
    Person,
    a_mail_context,
    a_published_petition,
    change_item,
    confirmed,
    identity_of,
    item_of,
    key_of,
    request_of,
    signed,
)
from tests.fakes import FakeQueue, FakeTables
from tests.mail.pipeline import MailPipeline
from tests.mail.test_budget import take_emails
from tests.streaming import Streaming

HOUR = timedelta(hours=1)
ALICES_MAILBOX = mailbox_of(ALICE.email, LIMIT_KEYS)
SLUG = "safe-children"


@pytest.fixture
def pipeline() -> MailPipeline:
    return MailPipeline(Streaming())


def test_five_signatures_by_an_attacker_do_not_stop_the_owners_email(pipeline: MailPipeline) -> None:
    petition = a_published_petition(pipeline.tables)

    def attack(now: datetime) -> None:
        if now < NOW + 5 * MINUTE:
            signed(pipeline.tables, petition, Person("Mallory", ALICE.email), now)

    pipeline.run(NOW + HOUR, attack)
    withdraw(key_of(petition, identity_of(petition)), petition, pipeline.now, pipeline.tables)
    before = len(pipeline.mails)
    signed(pipeline.tables, petition, now=pipeline.now)
    pipeline.run(pipeline.now + 8 * HOUR)
    assert before >= 2
    assert len(pipeline.mails) == before + 1


def test_25_requests_through_five_petitions_send_three_emails_an_hour_and_none_is_lost(pipeline: MailPipeline) -> None:
    petitions = [a_published_petition(pipeline.tables, slug=f"petition-{number}") for number in range(5)]

    def attack(now: datetime) -> None:
        if now < NOW + 5 * MINUTE:
            for petition in petitions:
                signed(pipeline.tables, petition, now=now)

    pipeline.run(NOW + HOUR, attack)
    assert len(pipeline.mails) == 3
    pipeline.run(NOW + 72 * HOUR)
    for petition in petitions:
        item = item_of(pipeline.tables, petition, identity_of(petition))
        assert item["mails"] >= 1
    assert not [item for item in pipeline.tables.items.values() if "mail_kind" in item]


def test_a_receipt_takes_nothing_from_the_budget(tables: FakeTables, petition: Petition) -> None:
    """Otherwise the receipt of one signature would delay the email to confirm the person's next signature."""
    take_emails(tables, 3)
    identity = confirmed(tables, petition)
    change_item(tables, petition, identity, mail_kind="receipt", mail_requested_at=iso(NOW))
    request = request_of(tables, petition, identity)
    before = tables.items[ALICES_MAILBOX.key]
    assert send(request, SIGNATURE_KINDS, a_mail_context(), NOW, tables) is SendResult.SENT
    assert tables.items[ALICES_MAILBOX.key] == before


def test_an_email_that_waits_does_not_delay_others(tables: FakeTables, petition: Petition) -> None:
    take_emails(tables, 4)
    alice = request_of(tables, petition, signed(tables, petition))
    bob = request_of(tables, petition, signed(tables, petition, BOB))
    mails: list[Mail] = []
    context = a_mail_context(mails.append)
    outcomes = [send(request, SIGNATURE_KINDS, context, NOW + HOUR, tables) for request in (alice, bob)]
    assert outcomes == [SendResult.WAITS, SendResult.SENT], "the message of a waiting email is settled"
    assert [mail.to for mail in mails] == [BOB.email], "a waiting email takes no turn of the rate"
    assert send(alice, SIGNATURE_KINDS, context, NOW + HOUR, tables) is SendResult.WAITS


@pytest.mark.parametrize(("wait", "delays"), [(10 * MINUTE, [602]), (40 * MINUTE, [])])
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


def test_while_the_limits_table_is_throttled_email_waits(petition: Petition) -> None:
    class LimitsAreThrottled(FakeTables):
        def _update(self, change: Any, returns: Any) -> Any:
            if change.key.table == keys.LIMITS:
                raise Throttled("storage")
            return super()._update(change, returns)

    tables, mails = LimitsAreThrottled(), list[Mail]()
    a_published_petition(tables)
    request = request_of(tables, petition, signed(tables, petition))
    with pytest.raises(Throttled):
        send(request, SIGNATURE_KINDS, a_mail_context(mails.append), NOW, tables)
    assert not mails, "otherwise an attacker could throttle the table to escape the limit"
