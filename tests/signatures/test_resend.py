"""Staff can have a mail sent again, as signing once more would; the limits hold for them too."""

from datetime import datetime
from typing import Any

import pytest

from chalicelib.petitions.model import Petition
from chalicelib.signatures import mail_state
from chalicelib.signatures.look_up import held_as
from chalicelib.signatures.resend import Resent, resend
from chalicelib.signatures.withdraw import withdraw
from tests.actors import DAY, MINUTE, NOW, a_petition, change_item, confirmed, item_of, key_of, signed
from tests.fakes import FakeTables
from tests.signatures.test_sign import mailed


def asked(tables: FakeTables, petition: Petition, identity: str, now: datetime = NOW + 5 * MINUTE) -> Resent:
    held = held_as(petition, identity, tables)
    assert held
    return resend(held, now, tables)


def test_who_is_pending_gets_the_link_once_more(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    mailed(tables, petition, identity)
    assert asked(tables, petition, identity) is Resent.ASKED
    assert item_of(tables, petition, identity)["mail_kind"] == "confirm"


def test_who_has_confirmed_is_told_so(tables: FakeTables, petition: Petition) -> None:
    identity = confirmed(tables, petition)
    assert asked(tables, petition, identity) is Resent.ASKED
    assert item_of(tables, petition, identity)["mail_kind"] == "already-signed"


def test_within_a_minute_of_the_last_one_the_next_waits(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    mailed(tables, petition, identity)
    assert asked(tables, petition, identity, NOW + MINUTE / 2) is Resent.WITHIN_A_MINUTE


def test_one_that_is_on_its_way_is_not_asked_for_twice(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    before = item_of(tables, petition, identity)
    assert asked(tables, petition, identity, NOW + MINUTE) is Resent.ON_ITS_WAY
    assert item_of(tables, petition, identity) == before


def test_one_that_may_be_lost_on_its_way_is_sent_on_its_way_again(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    assert asked(tables, petition, identity, NOW + 11 * MINUTE) is Resent.ON_ITS_WAY
    assert "mail_nudged_at" in item_of(tables, petition, identity)


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"mails": 5}, Resent.ENOUGH),
        ({"undeliverable": "bounced"}, Resent.UNDELIVERABLE),
        ({"expires_at": int(NOW.timestamp())}, Resent.EXPIRED),
    ],
)
def test_what_stands_in_the_way_is_said_and_changes_nothing(
    tables: FakeTables, petition: Petition, changes: dict[str, Any], answer: Resent
) -> None:
    identity = signed(tables, petition)
    mailed(tables, petition, identity)
    change_item(tables, petition, identity, **changes)
    before = item_of(tables, petition, identity)
    assert asked(tables, petition, identity) is answer
    assert item_of(tables, petition, identity) == before


def test_nobody_is_mailed_who_has_withdrawn(tables: FakeTables, petition: Petition) -> None:
    identity = confirmed(tables, petition)
    withdraw(key_of(petition, identity), petition, NOW, tables)
    assert asked(tables, petition, identity) is Resent.WITHDRAWN


def test_a_link_to_confirm_is_of_no_use_when_the_petition_has_been_closed_for_a_day(
    tables: FakeTables, petition: Petition
) -> None:
    identity = signed(tables, petition)
    held = held_as(a_petition(closes_at=NOW), identity, tables)
    assert held
    assert resend(held, NOW + 2 * DAY, tables) is Resent.CLOSED


def test_a_wish_made_in_the_same_moment_is_not_made_twice(
    tables: FakeTables, petition: Petition, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = confirmed(tables, petition)
    held = held_as(petition, identity, tables)
    assert held
    mail_state.ask_again(held.key, held.signature, NOW, tables)
    assert resend(held, NOW, tables) is Resent.ON_ITS_WAY
