"""The sweep finds requests that every queue has lost, in bounded runs, and only these."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from chalicelib.aws.email import Mail
from chalicelib.aws.queue import Outgoing
from chalicelib.core import keys
from chalicelib.core.errors import Unavailable
from chalicelib.mail import sweep as sweeping
from chalicelib.mail.model import MailRequest
from chalicelib.mail.outbox import Outbox
from chalicelib.mail.send import Sent, send
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS, delivery_key
from chalicelib.mail.sweep import BUSY, ON_ITS_WAY, PASS_EVERY, QUEUE_FORGETS, sweep
from chalicelib.petitions.model import Petition
from chalicelib.signatures.mail_state import mark_undeliverable
from tests.actors import (
    ALICE,
    BOB,
    DAY,
    MINUTE,
    NOW,
    Person,
    a_mail_context,
    a_published_petition,
    change_item,
    claim_mail,
    confirmed,
    item_of,
    key_of,
    request_of,
    signed,
)
from tests.fakes import FakeQueue, FakeTables

LATER = NOW + 2 * ON_ITS_WAY


@pytest.fixture
def outbox() -> Outbox:
    return Outbox(FakeQueue(), FakeQueue(), SIGNATURE_KINDS)


def queued(outbox: Outbox) -> list[MailRequest]:
    """Return all queued requests, urgent ones first."""
    messages = [queue.messages for queue in (outbox.urgent, outbox.other) if isinstance(queue, FakeQueue)]
    return [MailRequest.model_validate(message) for some in messages for message in some]


def swept(outbox: Outbox, tables: FakeTables, now: datetime = LATER) -> int:
    """Run the sweep until the pass is done."""
    found = sweep(outbox, now, tables)
    while "partition" in tables.items[keys.mail_sweep()]:
        found += sweep(outbox, now, tables)
    return found


def crowd(tables: FakeTables, petition: Petition, number: int) -> list[str]:
    return [signed(tables, petition, Person(f"Person {one}", f"p{one}@mail.example")) for one in range(number)]


def test_a_lost_request_is_queued_again_and_sends_one_email(
    tables: FakeTables, petition: Petition, outbox: Outbox
) -> None:
    request = request_of(tables, petition, signed(tables, petition))
    assert swept(outbox, tables) == 1
    assert queued(outbox) == [request]
    mails: list[Mail] = []
    assert [send(request, SIGNATURE_KINDS, a_mail_context(mails.append), LATER, tables) for _ in range(2)] == [
        Sent.SENT,
        Sent.SETTLED,
    ]
    assert len(mails) == 1


def test_confirmations_and_other_email_use_own_queues(tables: FakeTables, petition: Petition, outbox: Outbox) -> None:
    bob = confirmed(tables, petition, BOB)
    signed(tables, petition, BOB)
    alice = signed(tables, petition, ALICE)
    swept(outbox, tables)
    assert [request.key for request in queued(outbox)] == [delivery_key(petition.slug, each) for each in (alice, bob)]


def test_a_request_of_an_unknown_kind_stops_no_other(tables: FakeTables, petition: Petition, outbox: Outbox) -> None:
    change_item(tables, petition, signed(tables, petition, BOB), mail_kind="removed")
    alice = request_of(tables, petition, signed(tables, petition))
    swept(outbox, tables)
    assert queued(outbox) == [alice]


def test_queued_settled_bounced_claimed_and_exhausted_requests_are_skipped(
    tables: FakeTables, petition: Petition, outbox: Outbox
) -> None:
    fresh, mailed, bounced, claimed, flooded = crowd(tables, petition, 5)
    change_item(tables, petition, fresh, mail_requested_at="2026-11-24T13:30:00Z")
    send(request_of(tables, petition, mailed), SIGNATURE_KINDS, a_mail_context(), NOW, tables)
    mark_undeliverable(key_of(petition, bounced), "bounced", tables)
    claim_mail(tables, petition, claimed, LATER)
    change_item(tables, petition, flooded, mails=5)
    assert swept(outbox, tables) == 0
    assert queued(outbox) == []


def test_requests_waiting_in_a_busy_queue_are_not_queued_again(
    tables: FakeTables, petition: Petition, outbox: Outbox
) -> None:
    crowd(tables, petition, 3)
    outbox.urgent.send([Outgoing({})] * (BUSY + 1))
    assert swept(outbox, tables, NOW + QUEUE_FORGETS - MINUTE) == 0


def test_with_a_busy_queue_a_request_is_queued_again_every_12_days(
    tables: FakeTables, petition: Petition, outbox: Outbox
) -> None:
    """Three weeks of backlog: SES sends a part each day, and SQS deletes messages after 14 days."""
    crowd(tables, petition, 3)
    outbox.urgent.send([Outgoing({})] * (BUSY + 1))
    began = NOW + QUEUE_FORGETS
    found = [swept(outbox, tables, began + number * PASS_EVERY) for number in range(4 * 14)]
    assert found == [3, *[0] * (4 * 12 - 1), 3, *[0] * 7]


def test_a_request_lost_again_is_queued_again(tables: FakeTables, petition: Petition, outbox: Outbox) -> None:
    signed(tables, petition)
    assert swept(outbox, tables, LATER) == 1
    assert swept(outbox, tables, LATER + PASS_EVERY) == 1, "the queue is empty, so this message was lost too"


def test_a_run_is_bounded_and_the_next_run_continues(
    tables: FakeTables, petition: Petition, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "MAX_PAGES", 10)
    monkeypatch.setattr(sweeping, "PAGE", 2)
    a_published_petition(tables, slug="another")
    identities = crowd(tables, petition, 100)
    runs = 0
    while "partition" in tables.items.get(keys.mail_sweep(), {"partition": ""}):
        tables.calls.clear()
        sweep(outbox, LATER, tables)
        assert tables.calls.count("page") <= 10
        runs += 1
    assert runs > 12
    assert sorted(request.key for request in queued(outbox)) == sorted(
        delivery_key(petition.slug, each) for each in identities
    )


def test_a_run_ends_after_the_maximum_of_requests(
    tables: FakeTables, petition: Petition, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "MAX_REQUESTS", 5)
    monkeypatch.setattr(sweeping, "PAGE", 2)
    crowd(tables, petition, 40)
    assert 5 <= sweep(outbox, LATER, tables) <= 6


def test_the_next_pass_starts_six_hours_after_the_last(tables: FakeTables, petition: Petition, outbox: Outbox) -> None:
    swept(outbox, tables)
    tables.calls.clear()
    signed(tables, petition)
    assert sweep(outbox, LATER + PASS_EVERY - MINUTE, tables) == 0
    assert tables.calls.count("page") == 0
    assert swept(outbox, tables, LATER + PASS_EVERY) == 1


def test_an_interrupted_pass_is_finished_days_later(
    tables: FakeTables, petition: Petition, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "MAX_PAGES", 1)
    crowd(tables, petition, 5)
    sweep(outbox, LATER, tables)
    swept(outbox, tables, LATER + 3 * DAY)
    assert len(queued(outbox)) == 5


def test_a_petition_deleted_during_a_pass_does_not_stop_it(
    tables: FakeTables, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "MAX_PAGES", 1)
    first, last = (a_published_petition(tables, slug=slug) for slug in ("aaa", "zzz"))
    identity = signed(tables, last)
    sweep(outbox, LATER, tables)
    del tables.items[keys.petition(first.slug)]
    swept(outbox, tables)
    assert [request.key for request in queued(outbox)] == [delivery_key("zzz", identity)]


def test_a_failing_queue_marks_nothing_and_keeps_the_cursor(
    tables: FakeTables, petition: Petition, outbox: Outbox
) -> None:
    class Full(FakeQueue):
        def send(self, messages: Sequence[object]) -> None:
            if messages:
                raise Unavailable("queue")

    identity = signed(tables, petition)
    with pytest.raises(Unavailable):
        swept(Outbox(Full(), Full(), SIGNATURE_KINDS), tables)
    assert "mail_queued_at" not in item_of(tables, petition, identity)
    assert swept(outbox, tables) == 1


def test_the_limits_fit_together() -> None:
    assert timedelta(days=14) > QUEUE_FORGETS + 4 * PASS_EVERY, "a pass of ten million takes a day"
    assert sweeping.MAX_REQUESTS + sweeping.PAGE < 6000, "5,000 requests take about 40 s of the function's 120 s"
