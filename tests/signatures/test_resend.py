"""Staff can have an email sent again, as signing again would. The same limits hold."""

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


def resend_to(tables: FakeTables, petition: Petition, identity: str, now: datetime = NOW + 5 * MINUTE) -> Resent:
    held = held_as(petition, identity, tables)
    assert held
    return resend(held, now, tables)


def test_a_pending_signer_gets_the_link_again(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    mailed(tables, petition, identity)
    assert resend_to(tables, petition, identity) is Resent.ASKED
    assert item_of(tables, petition, identity)["mail_kind"] == "confirm"


def test_a_confirmed_signer_gets_the_already_signed_email(tables: FakeTables, petition: Petition) -> None:
    identity = confirmed(tables, petition)
    assert resend_to(tables, petition, identity) is Resent.ASKED
    assert item_of(tables, petition, identity)["mail_kind"] == "already-signed"


def test_the_next_email_waits_for_a_minute(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    mailed(tables, petition, identity)
    assert resend_to(tables, petition, identity, NOW + MINUTE / 2) is Resent.WITHIN_A_MINUTE


def test_a_recent_request_is_not_repeated(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    before = item_of(tables, petition, identity)
    assert resend_to(tables, petition, identity, NOW + MINUTE) is Resent.ON_ITS_WAY
    assert item_of(tables, petition, identity) == before


def test_an_old_request_is_nudged(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    assert resend_to(tables, petition, identity, NOW + 11 * MINUTE) is Resent.ON_ITS_WAY
    assert "mail_nudged_at" in item_of(tables, petition, identity)


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"mails": 5}, Resent.ENOUGH),
        ({"undeliverable": "bounced"}, Resent.UNDELIVERABLE),
        ({"expires_at": int(NOW.timestamp())}, Resent.EXPIRED),
    ],
)
def test_a_refusal_says_why_and_changes_nothing(
    tables: FakeTables, petition: Petition, changes: dict[str, Any], answer: Resent
) -> None:
    identity = signed(tables, petition)
    mailed(tables, petition, identity)
    change_item(tables, petition, identity, **changes)
    before = item_of(tables, petition, identity)
    assert resend_to(tables, petition, identity) is answer
    assert item_of(tables, petition, identity) == before


def test_a_withdrawn_signer_gets_no_email(tables: FakeTables, petition: Petition) -> None:
    identity = confirmed(tables, petition)
    withdraw(key_of(petition, identity), petition, NOW, tables)
    assert resend_to(tables, petition, identity) is Resent.WITHDRAWN


def test_no_confirmation_email_a_day_after_closing(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    held = held_as(a_petition(closes_at=NOW), identity, tables)
    assert held
    assert resend(held, NOW + 2 * DAY, tables) is Resent.CLOSED


def test_a_concurrent_request_is_not_repeated(
    tables: FakeTables, petition: Petition, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = confirmed(tables, petition)
    held = held_as(petition, identity, tables)
    assert held
    mail_state.ask_again(held.key, held.signature, NOW, tables)
    assert resend(held, NOW, tables) is Resent.ON_ITS_WAY
