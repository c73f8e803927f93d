"""Overflow: a signature that the table refuses waits in a queue, and becomes one signature and one email."""

import copy
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from chalicelib.aws.expressions import NewItem
from chalicelib.aws.table import Change, Item
from chalicelib.core import keys
from chalicelib.core.errors import Throttled, Unavailable
from chalicelib.core.times import exact
from chalicelib.petitions.model import Petition
from chalicelib.shedding.level import Level, shed
from chalicelib.signatures.model import UNMAILED_LIFETIME, NewSignature
from chalicelib.signatures.sign import Outcome, sign_from_queue
from chalicelib.signatures.withdraw import withdraw
from tests.actors import (
    DAY,
    MINUTE,
    NOW,
    Person,
    a_published_petition,
    a_signing_context,
    confirmed,
    item_of,
    key_of,
    queued,
    request_of,
    sign_by_form,
    signed,
)
from tests.fakes import FakeQueue, FakeTables
from tests.signatures import test_life as life
from tests.signatures.test_sign import mailed, signatures_in

HOUR = timedelta(hours=1)


def an_unneeded_queue() -> FakeQueue:
    raise AssertionError("built a queue client that is not needed")


def overflowed(tables: FakeTables, petition: Petition, queue: FakeQueue, now: datetime = NOW, **changes: Any) -> str:
    """Sign, require that the queue has the signature, and return its id."""
    signed = sign_by_form(petition, now, a_signing_context(tables, lambda: queue), **changes)
    assert signed.outcome is Outcome.OVERFLOWED
    return signed.signature_id


def test_a_working_table_needs_no_queue(tables: FakeTables, petition: Petition) -> None:
    shed(Level.SNAPSHOT_ONLY, tables)
    context = a_signing_context(tables, an_unneeded_queue)
    assert sign_by_form(petition, NOW, context).outcome is Outcome.ACCEPTED
    assert sign_by_form(petition, NOW, context).outcome is Outcome.REPEATED


def test_at_accept_only_the_table_is_not_written(tables: FakeTables, petition: Petition, queue: FakeQueue) -> None:
    shed(Level.ACCEPT_ONLY, tables)
    overflowed(tables, petition, queue)
    assert not signatures_in(tables)
    assert queue.messages == [queued(petition).model_dump(mode="json", exclude_none=True)]


@pytest.mark.parametrize("failure", [Throttled("storage"), Unavailable("storage")])
def test_a_queued_signature_is_stored_later_without_a_difference(
    tables: FakeTables, petition: Petition, queue: FakeQueue, failure: Exception
) -> None:
    context = a_signing_context(tables, lambda: queue)
    tables.fail_next(failure)
    sign_by_form(petition, NOW, context, updates=True, country="NL", postcode="1012 AB", source="bbc")
    assert not signatures_in(tables)
    one = NewSignature.model_validate(queue.messages[0])
    assert sign_from_queue(one, NOW + HOUR, tables) is Outcome.ACCEPTED
    late, usual = tables.items[one.key], FakeTables()
    assert signed(usual, petition, updates=True, country="NL", postcode="1012 AB", source="bbc") == one.signature_id
    assert late == usual.items[one.key], "signed_at and mail_requested_at are the original ones"


def test_a_refusal_by_table_and_queue_raises_unavailable(
    tables: FakeTables, petition: Petition, queue: FakeQueue
) -> None:
    context = a_signing_context(tables, lambda: queue)
    tables.fail_next(Throttled("storage"))
    queue.fail_next(Throttled("queue"))
    with pytest.raises(Unavailable):
        sign_by_form(petition, NOW, context)
    assert not signatures_in(tables)
    assert not queue.messages


def test_a_bug_does_not_overflow(tables: FakeTables, petition: Petition) -> None:
    context = a_signing_context(tables, an_unneeded_queue)
    tables.fail_next(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        sign_by_form(petition, NOW, context)


def test_a_repetition_that_the_table_refuses_overflows_too(
    tables: FakeTables, petition: Petition, queue: FakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = signed(tables, petition)
    mailed(tables, petition, identity)
    monkeypatch.setattr(tables, "update", _refuse)
    overflowed(tables, petition, queue, NOW + HOUR)
    monkeypatch.undo()
    again = NewSignature.model_validate(queue.messages[0])
    assert sign_from_queue(again, NOW + 2 * HOUR, tables) is Outcome.REPEATED
    assert request_of(tables, petition, identity).kind == "confirm"


def _refuse(_: Change) -> Item:
    raise Throttled("storage")


class PutResponseLost(FakeTables):
    """The put succeeds but its response is lost."""

    def put_new(self, new: NewItem) -> None:
        super().put_new(new)
        if new.key.table == keys.SIGNATURES:
            raise Unavailable("storage")


def test_a_write_whose_response_is_lost_makes_one_signature_and_one_email(queue: FakeQueue) -> None:
    tables = PutResponseLost()
    petition = a_published_petition(tables)
    identity = overflowed(tables, petition, queue, NOW.replace(microsecond=123456))
    mailed(tables, petition, identity, NOW + MINUTE)
    before = copy.deepcopy(tables.items)
    message = NewSignature.model_validate(queue.messages[0])
    for moment in (NOW + 2 * MINUTE, NOW + DAY):
        assert sign_from_queue(message, moment, tables) is Outcome.OVERTAKEN
        assert tables.items == before


def test_a_duplicate_message_makes_one_signature_and_one_email(tables: FakeTables, petition: Petition) -> None:
    one = queued(petition)
    assert sign_from_queue(one, NOW + HOUR, tables) is Outcome.ACCEPTED
    mailed(tables, petition, one.signature_id, NOW + HOUR)
    for moment in (NOW + HOUR, NOW + 2 * HOUR, NOW + 10 * DAY):
        assert sign_from_queue(one, moment, tables) is Outcome.OVERTAKEN
    assert "mail_kind" not in item_of(tables, petition, one.signature_id)


def test_a_duplicate_repetition_makes_one_email(tables: FakeTables, petition: Petition) -> None:
    identity = confirmed(tables, petition)
    again = queued(petition, NOW + HOUR)
    assert sign_from_queue(again, NOW + 2 * HOUR, tables) is Outcome.REPEATED
    mailed(tables, petition, identity, NOW + 2 * HOUR)
    assert sign_from_queue(again, NOW + 3 * HOUR, tables) is Outcome.OVERTAKEN
    assert item_of(tables, petition, identity)["mails"] == 1


def withdrawn(tables: FakeTables, petition: Petition, identity: str, now: datetime) -> None:
    withdraw(key_of(petition, identity), petition, now, tables)


def confirmed_later(tables: FakeTables, petition: Petition, identity: str, now: datetime) -> None:
    confirmed(tables, petition, now=now)


@pytest.mark.parametrize("change", [withdrawn, confirmed_later])
@pytest.mark.parametrize("delay", [timedelta(0), MINUTE])
def test_a_later_withdrawal_or_confirmation_wins_over_a_queued_message(
    tables: FakeTables, petition: Petition, change: Callable[..., None], delay: timedelta
) -> None:
    identity = signed(tables, petition)
    message = queued(petition, NOW + HOUR)
    change(tables, petition, identity, NOW + HOUR + delay)
    before = copy.deepcopy(tables.items)
    assert sign_from_queue(message, NOW + 5 * HOUR, tables) is Outcome.OVERTAKEN
    assert tables.items == before


def test_signing_after_withdrawing_is_stored(tables: FakeTables, petition: Petition) -> None:
    identity = confirmed(tables, petition)
    withdrawn(tables, petition, identity, NOW + HOUR)
    assert sign_from_queue(queued(petition, NOW + 2 * HOUR), NOW + 5 * HOUR, tables) is Outcome.REPEATED
    item = item_of(tables, petition, identity)
    assert (item["state"], item["signed_at"]) == ("pending", "2026-11-24T14:00:00Z")


def test_an_email_marked_after_withdrawal_does_not_block_a_later_signature(
    tables: FakeTables, petition: Petition
) -> None:
    identity = signed(tables, petition)
    withdrawn(tables, petition, identity, NOW + MINUTE)
    tables.items[key_of(petition, identity)] |= {"mailed_at": "2026-11-24T12:03:00Z", "mails": 1}
    sign_from_queue(queued(petition, NOW + 2 * MINUTE), NOW + HOUR, tables)
    assert item_of(tables, petition, identity)["state"] == "pending"


def test_a_queued_signature_is_stored_after_the_petition_closes(tables: FakeTables, petition: Petition) -> None:
    one = queued(petition)
    a_published_petition(tables, closes_at=NOW + MINUTE)
    assert sign_from_queue(one, NOW + HOUR, tables) is Outcome.ACCEPTED
    assert item_of(tables, petition, one.signature_id)["state"] == "pending"


def test_no_email_is_requested_for_an_undeliverable_address(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    mailed(tables, petition, identity)
    tables.items[key_of(petition, identity)]["undeliverable"] = "bounced"
    assert sign_from_queue(queued(petition, NOW + HOUR), NOW + 2 * HOUR, tables) is Outcome.REPEATED
    assert "mail_kind" not in item_of(tables, petition, identity)


def test_an_expired_message_is_not_stored(tables: FakeTables, petition: Petition) -> None:
    one = queued(petition)
    assert sign_from_queue(one, NOW + UNMAILED_LIFETIME, tables) is Outcome.OVERTAKEN
    assert not signatures_in(tables)


RETENTION = timedelta(days=14)


class LifecycleWithOverflow(life.Lifecycle):
    """A lifecycle with a table that fails before or after the put, and with messages in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[NewSignature] = []

    @rule(person=life.PEOPLE, country=life.COUNTRIES, source=life.SOURCES, is_stored=st.booleans())
    def sign_while_the_table_fails(self, person: Person, country: str, source: str | None, is_stored: bool) -> None:
        """`is_stored`: the table stores it, but its response is lost."""
        if is_stored:
            signed(self.tables, self.petition, person, self.now, country=country, source=source)
        self.waiting.append(queued(self.petition, self.now, person, country=country, source=source))

    @precondition(lambda self: self.waiting)
    @rule(which=st.integers(0, 100))
    def store(self, which: int) -> None:
        """Store one message and keep it, because SQS may deliver it again until its retention ends."""
        one = self.waiting[which % len(self.waiting)]
        if self.now - one.signature.signed_at >= RETENTION:
            return
        before = copy.deepcopy(self.tables.items.get(one.key))
        sign_from_queue(one, self.now, self.tables)
        after = self.tables.items[one.key]
        if before and before.get("withdrawn_at", "") >= exact(one.signature.signed_at):
            assert after == before, "a later withdrawal wins"
        else:
            assert after["state"] in ("pending", "confirmed"), "answered 202 but stored no signature"
        if before and before["signed_at"] >= signed_at_of(one):
            assert after == before, "the same or a newer signature is stored already"


def signed_at_of(one: NewSignature) -> str:
    return one.signature.signed_at.strftime("%Y-%m-%dT%H:%M:%SZ")


TestLifecycleWithOverflow = LifecycleWithOverflow.TestCase
TestLifecycleWithOverflow.settings = hypothesis.settings(life.TestLifecycle.settings)
