"""Overflow: a signature that the table refuses waits in a queue, and becomes one signature and one email."""

import copy
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.aws.expressions import NewItem
from chalicelib.aws.table import Change, Item
from chalicelib.core import keys
from chalicelib.core.errors import Throttled, Unavailable
from chalicelib.petitions.model import Petition
from chalicelib.shedding.level import Level, set_level
from chalicelib.signatures.model import UNMAILED_LIFETIME, NewSignature
from chalicelib.signatures.sign import Outcome, sign_from_queue
from chalicelib.signatures.withdraw import erase, withdraw
from tests.actors import (
    DAY,
    MINUTE,
    NOW,
    a_published_petition,
    a_signing_context,
    confirmed,
    item_of,
    key_of,
    overflow_message,
    request_of,
    sign_by_form,
    signed,
)
from tests.fakes import FakeQueue, FakeTables
from tests.signatures.test_sign import send_mail, signatures_in

HOUR = timedelta(hours=1)


def sign_into_overflow(
    tables: FakeTables, petition: Petition, queue: FakeQueue, now: datetime = NOW, **changes: Any
) -> str:
    """Sign, require that the queue has the signature, and return its id."""
    result = sign_by_form(petition, now, a_signing_context(tables, lambda: queue), **changes)
    assert result.outcome is Outcome.OVERFLOWED
    return result.signature_id


def test_at_level_accept_only_signing_does_not_write_to_the_table(
    tables: FakeTables, petition: Petition, queue: FakeQueue
) -> None:
    set_level(Level.ACCEPT_ONLY, tables)
    sign_into_overflow(tables, petition, queue)
    assert not signatures_in(tables)
    assert queue.messages == [overflow_message(petition).model_dump(mode="json", exclude_none=True)]


@pytest.mark.parametrize("failure", [Throttled("storage"), Unavailable("storage")])
def test_a_queued_signature_is_stored_later_as_if_it_had_not_been_queued(
    tables: FakeTables, petition: Petition, queue: FakeQueue, failure: Exception
) -> None:
    context = a_signing_context(tables, lambda: queue)
    tables.fail_next(failure)
    sign_by_form(petition, NOW, context, updates=True, country="NL", postcode="1012 AB", source="bbc")
    assert not signatures_in(tables)
    message = NewSignature.model_validate(queue.messages[0])
    assert sign_from_queue(message, NOW + HOUR, tables) is Outcome.ACCEPTED
    stored_late, usual_tables = tables.items[message.key], FakeTables()
    identity = signed(usual_tables, petition, updates=True, country="NL", postcode="1012 AB", source="bbc")
    assert identity == message.signature_id
    assert stored_late == usual_tables.items[message.key], "signed_at and mail_requested_at are the original ones"


def test_a_repeated_signature_that_the_table_refuses_is_queued_too(
    tables: FakeTables, petition: Petition, queue: FakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = signed(tables, petition)
    send_mail(tables, petition, identity)
    monkeypatch.setattr(tables, "update", _refuse)
    sign_into_overflow(tables, petition, queue, NOW + HOUR)
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
    identity = sign_into_overflow(tables, petition, queue, NOW.replace(microsecond=123456))
    send_mail(tables, petition, identity, NOW + MINUTE)
    before = copy.deepcopy(tables.items)
    message = NewSignature.model_validate(queue.messages[0])
    for moment in (NOW + 2 * MINUTE, NOW + DAY):
        assert sign_from_queue(message, moment, tables) is Outcome.OVERTAKEN
        assert tables.items == before


def withdraw_at(tables: FakeTables, petition: Petition, identity: str, now: datetime) -> None:
    withdraw(key_of(petition, identity), petition, now, tables)


def confirm_at(tables: FakeTables, petition: Petition, identity: str, now: datetime) -> None:
    confirmed(tables, petition, now=now)


@pytest.mark.parametrize("change", [withdraw_at, confirm_at])
@pytest.mark.parametrize("delay", [timedelta(0), MINUTE])
def test_a_later_withdrawal_or_confirmation_wins_over_a_queued_message(
    tables: FakeTables, petition: Petition, change: Callable[..., None], delay: timedelta
) -> None:
    identity = signed(tables, petition)
    message = overflow_message(petition, NOW + HOUR)
    change(tables, petition, identity, NOW + HOUR + delay)
    before = copy.deepcopy(tables.items)
    assert sign_from_queue(message, NOW + 5 * HOUR, tables) is Outcome.OVERTAKEN
    assert tables.items == before


def test_an_expired_message_is_not_stored(tables: FakeTables, petition: Petition) -> None:
    message = overflow_message(petition)
    assert sign_from_queue(message, NOW + UNMAILED_LIFETIME, tables) is Outcome.OVERTAKEN
    assert not signatures_in(tables)


MILLISECOND = timedelta(milliseconds=1)


def erase_at(tables: FakeTables, petition: Petition, identity: str, now: datetime) -> None:
    erase(key_of(petition, identity), petition, now, tables)


@pytest.mark.parametrize("leave", [withdraw_at, erase_at])
@pytest.mark.parametrize(
    ("delay", "state"), [(-MILLISECOND, "withdrawn"), (timedelta(0), "withdrawn"), (MILLISECOND, "pending")]
)
def test_within_a_second_the_order_of_withdrawing_and_signing_again_counts(
    tables: FakeTables, petition: Petition, leave: Callable[..., None], delay: timedelta, state: str
) -> None:
    """`delay` is the time from the withdrawal to signing again."""
    left_at = NOW + timedelta(milliseconds=500)
    identity = signed(tables, petition)
    leave(tables, petition, identity, left_at)
    sign_from_queue(overflow_message(petition, left_at + delay), NOW + HOUR, tables)
    assert item_of(tables, petition, identity)["state"] == state


def test_a_message_without_its_microseconds_does_not_undo_a_withdrawal(tables: FakeTables, petition: Petition) -> None:
    """An earlier version of the code queued such messages."""
    left_at = NOW + timedelta(milliseconds=500)
    withdraw_at(tables, petition, signed(tables, petition), left_at)
    old_message = overflow_message(petition, left_at + MILLISECOND).model_copy(update={"signed_at": None})
    assert sign_from_queue(old_message, NOW + HOUR, tables) is Outcome.OVERTAKEN
