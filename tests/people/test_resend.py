"""Staff can send an email again, as if the person signed again. The same limits apply."""

from datetime import datetime
from typing import Any

import pytest

from chalicelib.core.times import iso
from chalicelib.mail.budget import Allowance
from chalicelib.people.resend import ResendAnswer, ResendOutcome, resend
from chalicelib.petitions.model import Petition
from chalicelib.signatures import mail_state
from chalicelib.signatures.look_up import find_by_id
from chalicelib.signatures.withdraw import withdraw
from tests.actors import DAY, MINUTE, NOW, a_petition, change_item, confirmed, item_of, key_of, signed
from tests.fakes import FakeTables
from tests.signatures.test_sign import send_mail


def resend_to(
    tables: FakeTables,
    petition: Petition,
    identity: str,
    now: datetime = NOW + 5 * MINUTE,
    next_at: datetime | None = None,
) -> ResendOutcome:
    stored = find_by_id(petition, identity, tables)
    assert stored
    return resend(stored, an_allowance(next_at or now), now, tables).outcome


def an_allowance(next_at: datetime) -> Allowance:
    return Allowance(next_at, is_stopped=False)


def test_a_pending_signer_gets_the_link_again(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    send_mail(tables, petition, identity)
    assert resend_to(tables, petition, identity) is ResendOutcome.ASKED
    assert item_of(tables, petition, identity)["mail_kind"] == "confirm"


def test_a_confirmed_signer_gets_the_already_signed_email(tables: FakeTables, petition: Petition) -> None:
    identity = confirmed(tables, petition)
    assert resend_to(tables, petition, identity) is ResendOutcome.ASKED
    assert item_of(tables, petition, identity)["mail_kind"] == "already-signed"


def test_the_next_email_waits_for_a_minute(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    send_mail(tables, petition, identity)
    assert resend_to(tables, petition, identity, NOW + MINUTE / 2) is ResendOutcome.WITHIN_A_MINUTE


def test_staff_learn_when_a_postponed_email_is_sent(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    change_item(tables, petition, identity, mail_due_at=iso(NOW + DAY))
    stored = find_by_id(petition, identity, tables)
    assert stored
    assert resend(stored, an_allowance(NOW), NOW, tables) == ResendAnswer(ResendOutcome.LATER, NOW + DAY)


def test_a_recent_request_is_not_repeated(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    before = item_of(tables, petition, identity)
    assert resend_to(tables, petition, identity, NOW + MINUTE) is ResendOutcome.ON_ITS_WAY
    assert item_of(tables, petition, identity) == before


def test_an_old_request_is_nudged(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    assert resend_to(tables, petition, identity, NOW + 11 * MINUTE) is ResendOutcome.ON_ITS_WAY
    assert "mail_nudged_at" in item_of(tables, petition, identity)


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"undeliverable": "bounced"}, ResendOutcome.UNDELIVERABLE),
        ({"expires_at": int(NOW.timestamp())}, ResendOutcome.EXPIRED),
    ],
)
def test_a_refusal_gives_its_reason_and_changes_nothing(
    tables: FakeTables, petition: Petition, changes: dict[str, Any], answer: ResendOutcome
) -> None:
    identity = signed(tables, petition)
    send_mail(tables, petition, identity)
    change_item(tables, petition, identity, **changes)
    before = item_of(tables, petition, identity)
    assert resend_to(tables, petition, identity) is answer
    assert item_of(tables, petition, identity) == before


def test_a_withdrawn_signer_gets_no_email(tables: FakeTables, petition: Petition) -> None:
    identity = confirmed(tables, petition)
    withdraw(key_of(petition, identity), petition, NOW, tables)
    assert resend_to(tables, petition, identity) is ResendOutcome.WITHDRAWN


def test_a_pending_signer_gets_no_email_a_day_after_closing(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    stored = find_by_id(a_petition(closes_at=NOW), identity, tables)
    assert stored
    assert resend(stored, an_allowance(NOW), NOW + 2 * DAY, tables) == ResendAnswer(ResendOutcome.CLOSED)


def test_a_concurrent_request_is_not_repeated(
    tables: FakeTables, petition: Petition, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = confirmed(tables, petition)
    stored = find_by_id(petition, identity, tables)
    assert stored
    mail_state.request_or_nudge_mail(stored.key, stored.signature, NOW, tables)
    assert resend(stored, an_allowance(NOW), NOW, tables) == ResendAnswer(ResendOutcome.ON_ITS_WAY)
