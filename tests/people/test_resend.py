"""Staff can send an email again, as if the person signed again. The same limits apply."""

from datetime import datetime
from typing import Any

import pytest

from chalicelib.core.times import iso
from chalicelib.mail.budget import Allowance
from chalicelib.people.access import ResendAnswer, ResendOutcome, resend
from chalicelib.petitions.model import Petition
from chalicelib.signatures import mail_state
from chalicelib.signatures.look_up import find_by_id
from tests.actors import DAY, MINUTE, NOW, a_petition, change_item, confirmed, item_of, signed
from tests.fakes import FakeTables
from tests.signatures.test_sign import send_mail


def resend_to(tables: FakeTables, petition: Petition, identity: str, now: datetime = NOW + 5 * MINUTE) -> ResendAnswer:
    stored = find_by_id(petition, identity, NOW, tables)
    assert stored
    return resend(stored, Allowance(now, is_stopped=False), now, tables)


@pytest.fixture
def mailed(tables: FakeTables, petition: Petition) -> str:
    """Alice has signed, and got her email."""
    identity = signed(tables, petition)
    send_mail(tables, petition, identity)
    return identity


def test_the_next_email_waits_for_a_minute(tables: FakeTables, petition: Petition, mailed: str) -> None:
    assert resend_to(tables, petition, mailed, NOW + MINUTE / 2).outcome is ResendOutcome.WITHIN_A_MINUTE


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"undeliverable": "bounced"}, ResendOutcome.UNDELIVERABLE),
        ({"expires_at": int(NOW.timestamp())}, ResendOutcome.EXPIRED),
        ({"state": "withdrawn"}, ResendOutcome.WITHDRAWN),
    ],
)
def test_a_refusal_gives_its_reason_and_changes_nothing(
    tables: FakeTables, petition: Petition, mailed: str, changes: dict[str, Any], outcome: ResendOutcome
) -> None:
    change_item(tables, petition, mailed, **changes)
    before = item_of(tables, petition, mailed)
    assert resend_to(tables, petition, mailed).outcome is outcome
    assert item_of(tables, petition, mailed) == before


def test_a_pending_signer_gets_no_email_a_day_after_closing(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    assert resend_to(tables, a_petition(closes_at=NOW), identity, NOW + 2 * DAY).outcome is ResendOutcome.CLOSED


def test_staff_learn_when_a_postponed_email_is_sent(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    change_item(tables, petition, identity, mail_due_at=iso(NOW + DAY))
    assert resend_to(tables, petition, identity, NOW) == ResendAnswer(ResendOutcome.LATER, NOW + DAY)


@pytest.mark.parametrize(("minutes", "is_nudged"), [(1, False), (11, True)])
def test_only_an_old_request_is_nudged(tables: FakeTables, petition: Petition, minutes: int, is_nudged: bool) -> None:
    identity = signed(tables, petition)
    outcome = resend_to(tables, petition, identity, NOW + minutes * MINUTE).outcome
    assert (outcome, "mail_nudged_at" in item_of(tables, petition, identity)) == (ResendOutcome.ON_ITS_WAY, is_nudged)


def test_a_concurrent_request_is_not_repeated(tables: FakeTables, petition: Petition) -> None:
    stored = find_by_id(petition, confirmed(tables, petition), NOW, tables)
    assert stored
    mail_state.request_or_nudge_mail(stored.key, stored.signature, NOW, tables)
    answer = resend(stored, Allowance(NOW, is_stopped=False), NOW, tables)
    assert answer == ResendAnswer(ResendOutcome.ON_ITS_WAY)
