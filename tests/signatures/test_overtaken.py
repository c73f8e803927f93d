"""A queued signature that arrives late does not overwrite a later withdrawal, confirmation or signature."""

import copy
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from chalicelib.petitions.model import Petition
from chalicelib.signatures.model import UNMAILED_LIFETIME
from chalicelib.signatures.sign import Outcome, sign_from_queue
from chalicelib.signatures.withdraw import withdraw
from tests.actors import MINUTE, NOW, a_published_petition, confirmed, item_of, key_of, overflow_message, signed
from tests.fakes import FakeTables
from tests.signatures.test_overflow import HOUR
from tests.signatures.test_sign import signatures_in


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


def test_a_queued_signature_from_after_a_withdrawal_is_stored(tables: FakeTables, petition: Petition) -> None:
    identity = confirmed(tables, petition)
    withdraw_at(tables, petition, identity, NOW + HOUR)
    assert sign_from_queue(overflow_message(petition, NOW + 2 * HOUR), NOW + 5 * HOUR, tables) is Outcome.REPEATED
    item = item_of(tables, petition, identity)
    assert (item["state"], item["signed_at"]) == ("pending", "2026-11-24T14:00:00Z")


def test_an_email_marked_as_sent_after_withdrawal_does_not_block_a_later_signature(
    tables: FakeTables, petition: Petition
) -> None:
    identity = signed(tables, petition)
    withdraw_at(tables, petition, identity, NOW + MINUTE)
    tables.items[key_of(petition, identity)] |= {"mailed_at": "2026-11-24T12:03:00Z", "mails": 1}
    sign_from_queue(overflow_message(petition, NOW + 2 * MINUTE), NOW + HOUR, tables)
    assert item_of(tables, petition, identity)["state"] == "pending"


def test_a_queued_signature_is_stored_after_the_petition_closes(tables: FakeTables, petition: Petition) -> None:
    message = overflow_message(petition)
    a_published_petition(tables, closes_at=NOW + MINUTE)
    assert sign_from_queue(message, NOW + HOUR, tables) is Outcome.ACCEPTED
    assert item_of(tables, petition, message.signature_id)["state"] == "pending"


def test_an_expired_message_is_not_stored(tables: FakeTables, petition: Petition) -> None:
    message = overflow_message(petition)
    assert sign_from_queue(message, NOW + UNMAILED_LIFETIME, tables) is Outcome.OVERTAKEN
    assert not signatures_in(tables)
