"""Withdrawing and signing again within one second: a queued message is stored if it is later than the withdrawal."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from chalicelib.petitions.model import Petition
from chalicelib.signatures.sign import Outcome, sign_from_queue
from chalicelib.signatures.withdraw import erase
from tests.actors import NOW, item_of, key_of, overflow_message, signed
from tests.fakes import FakeTables
from tests.signatures.test_overflow import HOUR
from tests.signatures.test_overtaken import withdraw_at

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
