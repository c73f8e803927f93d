"""Whatever every queue forgot is found, once a while, a bounded piece a run, and nothing that is on its way."""

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
from chalicelib.mail.sweep import BUSY, ON_ITS_WAY, PASS_EVERY, QUEUE_FORGETS, sweep
from chalicelib.petitions.model import Petition
from chalicelib.signatures.mail_state import claim_mail, mark_undeliverable
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
    return Outbox(FakeQueue(), FakeQueue())


def queued(outbox: Outbox) -> list[MailRequest]:
    """Everything that was queued, confirmations first."""
    messages = [queue.messages for queue in (outbox.confirmations, outbox.others) if isinstance(queue, FakeQueue)]
    return [MailRequest.model_validate(message) for some in messages for message in some]


def swept(outbox: Outbox, tables: FakeTables, now: datetime = LATER) -> int:
    """A whole pass, however many runs it takes."""
    found = sweep(outbox, now, tables)
    while "partition" in tables.items[keys.mail_sweep()]:
        found += sweep(outbox, now, tables)
    return found


def crowd(tables: FakeTables, petition: Petition, number: int) -> list[str]:
    return [signed(tables, petition, Person(f"Person {one}", f"p{one}@mail.example")) for one in range(number)]


def test_a_forgotten_wish_is_queued_as_it_was_and_still_sends_one_mail(
    tables: FakeTables, petition: Petition, outbox: Outbox
) -> None:
    request = request_of(tables, petition, signed(tables, petition))
    assert swept(outbox, tables) == 1
    assert queued(outbox) == [request]
    mails: list[Mail] = []
    assert [send(request, a_mail_context(mails.append), LATER, tables) for _ in range(2)] == [Sent.SENT, Sent.SETTLED]
    assert len(mails) == 1


def test_every_kind_goes_to_its_own_queue(tables: FakeTables, petition: Petition, outbox: Outbox) -> None:
    bob = confirmed(tables, petition, BOB)
    signed(tables, petition, BOB)
    alice = signed(tables, petition, ALICE)
    swept(outbox, tables)
    assert [request.signature_id for request in queued(outbox)] == [alice, bob]


def test_what_is_on_its_way_settled_hopeless_or_being_sent_is_left_alone(
    tables: FakeTables, petition: Petition, outbox: Outbox
) -> None:
    fresh, mailed, bounced, claimed, flooded = crowd(tables, petition, 5)
    change_item(tables, petition, fresh, mail_requested_at="2026-11-24T13:30:00Z")
    send(request_of(tables, petition, mailed), a_mail_context(), NOW, tables)
    mark_undeliverable(key_of(petition, bounced), "bounced", tables)
    claim_mail(key_of(petition, claimed), "2026-11-24T12:00:00Z", LATER, MINUTE, tables)
    change_item(tables, petition, flooded, mails=5)
    assert swept(outbox, tables) == 0
    assert queued(outbox) == []


def test_a_million_that_still_wait_in_their_queue_are_not_queued_again(
    tables: FakeTables, petition: Petition, outbox: Outbox
) -> None:
    crowd(tables, petition, 3)
    outbox.confirmations.send([Outgoing({})] * (BUSY + 1))
    assert swept(outbox, tables, NOW + QUEUE_FORGETS - MINUTE) == 0


def test_what_a_busy_queue_is_about_to_forget_is_queued_once_and_then_not_for_another_fortnight(
    tables: FakeTables, petition: Petition, outbox: Outbox
) -> None:
    """Three weeks of backlog: the quota frees a part each day, and the queue keeps nothing beyond 14 days."""
    crowd(tables, petition, 3)
    outbox.confirmations.send([Outgoing({})] * (BUSY + 1))
    began = NOW + QUEUE_FORGETS
    found = [swept(outbox, tables, began + number * PASS_EVERY) for number in range(4 * 14)]
    assert found == [3, *[0] * (4 * 12 - 1), 3, *[0] * 7]


def test_a_message_queued_again_is_on_its_way_again(tables: FakeTables, petition: Petition, outbox: Outbox) -> None:
    signed(tables, petition)
    assert swept(outbox, tables, LATER) == 1
    assert swept(outbox, tables, LATER + PASS_EVERY) == 1, "the queue is empty, so that one was lost too"


def test_a_run_is_bounded_and_the_next_goes_on_where_it_ended(
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
    assert sorted(request.signature_id for request in queued(outbox)) == sorted(identities)


def test_a_run_ends_after_so_many_wishes(
    tables: FakeTables, petition: Petition, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "MAX_REQUESTS", 5)
    monkeypatch.setattr(sweeping, "PAGE", 2)
    crowd(tables, petition, 40)
    assert 5 <= sweep(outbox, LATER, tables) <= 6


def test_a_pass_that_is_done_rests(tables: FakeTables, petition: Petition, outbox: Outbox) -> None:
    swept(outbox, tables)
    tables.calls.clear()
    signed(tables, petition)
    assert sweep(outbox, LATER + PASS_EVERY - MINUTE, tables) == 0
    assert tables.calls.count("page") == 0
    assert swept(outbox, tables, LATER + PASS_EVERY) == 1


def test_a_pass_nobody_finished_is_finished_however_late(
    tables: FakeTables, petition: Petition, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "MAX_PAGES", 1)
    crowd(tables, petition, 5)
    sweep(outbox, LATER, tables)
    swept(outbox, tables, LATER + 3 * DAY)
    assert len(queued(outbox)) == 5


def test_a_petition_that_goes_in_the_middle_stops_nothing(
    tables: FakeTables, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "MAX_PAGES", 1)
    first, last = (a_published_petition(tables, slug=slug) for slug in ("aaa", "zzz"))
    identity = signed(tables, last)
    sweep(outbox, LATER, tables)
    del tables.items[keys.petition(first.slug)]
    swept(outbox, tables)
    assert [request.signature_id for request in queued(outbox)] == [identity]


def test_a_queue_that_refuses_leaves_nothing_marked_and_the_place_where_it_was(
    tables: FakeTables, petition: Petition, outbox: Outbox
) -> None:
    class Full(FakeQueue):
        def send(self, messages: Sequence[object]) -> None:
            if messages:
                raise Unavailable("queue")

    identity = signed(tables, petition)
    with pytest.raises(Unavailable):
        swept(Outbox(Full(), Full()), tables)
    assert "mail_queued_at" not in item_of(tables, petition, identity)
    assert swept(outbox, tables) == 1


def test_the_limits_fit_together() -> None:
    assert timedelta(days=14) > QUEUE_FORGETS + 4 * PASS_EVERY, "a pass of ten million takes a day"
    assert sweeping.MAX_REQUESTS + sweeping.PAGE < 6000, "5,000 take about 40 s of the function's 120"
