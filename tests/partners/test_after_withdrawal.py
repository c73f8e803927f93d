"""Somebody signs here again after a withdrawal. A partner's consent from before it does not confirm this."""

from datetime import datetime
from typing import Any

import pytest

from chalicelib.partners.form import read_signature
from chalicelib.partners.model import Partner, ReceiveOutcome
from chalicelib.partners.receive import predict_each, take_each
from chalicelib.petitions.model import Petition
from chalicelib.signatures.model import UNMAILED_LIFETIME
from chalicelib.signatures.withdraw import erase, take_back, withdraw
from tests.actors import ALICE, DAY, NOW, confirmed, identity_of, item_of, key_of, signed
from tests.fakes import FakeTables
from tests.partnering import a_receiving_context, sent_of

EXISTING, SUPPRESSED = ReceiveOutcome.EXISTING, ReceiveOutcome.SUPPRESSED
LATER = NOW + 2 * DAY


def send(tables: FakeTables, petition: Petition, oak: Partner, obtained: datetime, now: datetime) -> ReceiveOutcome:
    """Send Alice, who agreed to sign and to updates at this time. A dry run must predict the same result."""
    raw = sent_of(ALICE, f"oak:{obtained}", consent={"updates": True, "obtained_at": obtained.isoformat()})
    sent, receiving = [read_signature(raw, oak, now)], a_receiving_context(tables, petition, oak)
    [predicted] = predict_each(sent, receiving, now)
    [result] = take_each(sent, receiving, now)
    assert predicted == result
    return result.outcome


@pytest.mark.parametrize("end", [withdraw, erase])
@pytest.mark.parametrize("wait", [DAY, UNMAILED_LIFETIME + DAY])  # The second signature is pending, or has expired.
def test_a_consent_from_before_the_withdrawal_counts_nobody(
    tables: FakeTables, petition: Petition, oak: Partner, end: Any, wait: Any
) -> None:
    end(key_of(petition, confirmed(tables, petition)), petition, NOW, tables)
    signed(tables, petition, now=LATER)
    now = LATER + wait
    # A consent without a date is as old as `now`, and may be from before the withdrawal.
    for obtained in (NOW - DAY, NOW, now):
        assert send(tables, petition, oak, obtained, now) is SUPPRESSED
    item = item_of(tables, petition, identity_of(petition))
    assert (item["state"], item["updates"]) == ("pending", False)


def test_the_undo_of_an_import_is_no_withdrawal(tables: FakeTables, petition: Petition, oak: Partner) -> None:
    send(tables, petition, oak, NOW - DAY, NOW)
    key = key_of(petition, identity_of(petition))
    assert take_back(key, tables.items[key]["receipt"], petition, NOW, tables)
    signed(tables, petition, now=LATER)
    assert send(tables, petition, oak, NOW - 2 * DAY, LATER) is EXISTING
    assert item_of(tables, petition, identity_of(petition))["state"] == "confirmed"
    withdraw(key, petition, LATER, tables)
    signed(tables, petition, now=LATER + DAY)
    assert send(tables, petition, oak, NOW - 3 * DAY, LATER + 2 * DAY) is SUPPRESSED


def test_after_an_undo_the_person_withdraws_too_and_a_consent_from_between_counts_nobody(
    tables: FakeTables, petition: Petition, oak: Partner
) -> None:
    send(tables, petition, oak, NOW - DAY, NOW)
    key = key_of(petition, identity_of(petition))
    assert take_back(key, tables.items[key]["receipt"], petition, NOW, tables)
    withdraw(key, petition, LATER, tables)
    signed(tables, petition, now=LATER + DAY)
    assert send(tables, petition, oak, NOW + DAY, LATER + 2 * DAY) is SUPPRESSED
    assert tables.items[key]["state"] == "pending"
