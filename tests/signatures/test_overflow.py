"""Overflow: a signature that the table refuses waits in a queue, and becomes one signature and one email."""

import copy
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.aws.expressions import NewItem
from chalicelib.aws.table import Change, Item
from chalicelib.core import keys
from chalicelib.core.errors import Throttled, Unavailable
from chalicelib.petitions.model import Petition
from chalicelib.shedding.level import Level, set_level
from chalicelib.signatures.model import NewSignature
from chalicelib.signatures.sign import Outcome, sign_from_queue
from tests.actors import (
    DAY,
    MINUTE,
    NOW,
    a_published_petition,
    a_signing_context,
    confirmed,
    item_of,
    overflow_message,
    request_of,
    sign_by_form,
    signed,
)
from tests.fakes import FakeQueue, FakeTables
from tests.signatures.test_sign import send_mail, signatures_in

HOUR = timedelta(hours=1)


def refuse_to_build_queue() -> FakeQueue:
    raise AssertionError("built a queue client that is not needed")


def sign_into_overflow(
    tables: FakeTables, petition: Petition, queue: FakeQueue, now: datetime = NOW, **changes: Any
) -> str:
    """Sign, require that the queue has the signature, and return its id."""
    result = sign_by_form(petition, now, a_signing_context(tables, lambda: queue), **changes)
    assert result.outcome is Outcome.OVERFLOWED
    return result.signature_id


def test_a_working_table_needs_no_queue(tables: FakeTables, petition: Petition) -> None:
    set_level(Level.SNAPSHOT_ONLY, tables)
    context = a_signing_context(tables, refuse_to_build_queue)
    assert sign_by_form(petition, NOW, context).outcome is Outcome.ACCEPTED
    assert sign_by_form(petition, NOW, context).outcome is Outcome.REPEATED


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


def test_a_bug_is_raised_and_the_signature_is_not_queued(tables: FakeTables, petition: Petition) -> None:
    context = a_signing_context(tables, refuse_to_build_queue)
    tables.fail_next(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        sign_by_form(petition, NOW, context)


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


def test_a_duplicate_message_of_a_repeated_signature_makes_one_email(tables: FakeTables, petition: Petition) -> None:
    identity = confirmed(tables, petition)
    again = overflow_message(petition, NOW + HOUR)
    assert sign_from_queue(again, NOW + 2 * HOUR, tables) is Outcome.REPEATED
    send_mail(tables, petition, identity, NOW + 2 * HOUR)
    assert sign_from_queue(again, NOW + 3 * HOUR, tables) is Outcome.OVERTAKEN
    assert item_of(tables, petition, identity)["mails"] == 1
