"""Withdrawing and signing again within one second: the overflow queue's message is stored if it is the later one."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from chalicelib.petitions.model import Petition
from chalicelib.signatures.erase import erase
from chalicelib.signatures.sign import Outcome, sign_from_queue
from tests.actors import NOW, item_of, key_of, overflow_message, signed
from tests.fakes import FakeTables
from tests.signatures.test_overflow import HOUR
from tests.signatures.test_overtaken import withdrawn

SPLIT = timedelta(milliseconds=1)


def erased(tables: FakeTables, petition: Petition, identity: str, now: datetime) -> None:
    erase(key_of(petition, identity), petition, now, tables)


@pytest.mark.parametrize("leave", [withdrawn, erased])
@pytest.mark.parametrize(("after", "state"), [(-SPLIT, "withdrawn"), (timedelta(0), "withdrawn"), (SPLIT, "pending")])
def test_within_a_second_the_order_of_withdrawing_and_signing_again_counts(
    tables: FakeTables, petition: Petition, leave: Callable[..., None], after: timedelta, state: str
) -> None:
    """The queue's message was signed `after` the withdrawal. A 202 after it is kept, one before it changes nothing."""
    left_at = NOW + timedelta(milliseconds=500)
    identity = signed(tables, petition)
    leave(tables, petition, identity, left_at)
    sign_from_queue(overflow_message(petition, left_at + after), NOW + HOUR, tables)
    assert item_of(tables, petition, identity)["state"] == state


def test_a_message_without_its_microseconds_does_not_undo_a_withdrawal(tables: FakeTables, petition: Petition) -> None:
    """An earlier version of the code queued it."""
    left_at = NOW + timedelta(milliseconds=500)
    withdrawn(tables, petition, signed(tables, petition), left_at)
    old = overflow_message(petition, left_at + SPLIT).model_copy(update={"signed_at": None})
    assert sign_from_queue(old, NOW + HOUR, tables) is Outcome.OVERTAKEN
