"""A consent that a partner obtained before somebody withdrew or stopped updates here confirms and starts nothing."""

from datetime import datetime
from typing import Any

import pytest

from chalicelib.partners.form import read_signature
from chalicelib.partners.model import Partner, ReceiveOutcome
from chalicelib.partners.receive import predict_each
from chalicelib.petitions.model import Petition
from chalicelib.signatures.model import UNMAILED_LIFETIME
from chalicelib.signatures.withdraw import erase, take_back, unsubscribe, withdraw
from tests.actors import ALICE, DAY, MINUTE, NOW, Person, confirmed, identity_of, item_of, key_of, signed
from tests.fakes import FakeTables
from tests.importing import Importing
from tests.partnering import a_receiving_context, receive, sent_of

EXISTING, SUPPRESSED = ReceiveOutcome.EXISTING, ReceiveOutcome.SUPPRESSED
LATER = NOW + 2 * DAY


def send(tables: FakeTables, petition: Petition, oak: Partner, obtained: datetime, now: datetime) -> ReceiveOutcome:
    """Send Alice, who agreed to sign and to updates at this time. A dry run must predict the same result."""
    raw = sent_of(ALICE, f"oak:{obtained}", consent={"updates": True, "obtained_at": obtained.isoformat()})
    [predicted] = predict_each([read_signature(raw, oak, now)], a_receiving_context(tables, petition, oak), now)
    [result] = receive(tables, petition, oak, raw, now=now)
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


ANN = Person("Ann Other", "ann@mail.example")
FILE = "id,email,name,updates,date\noak-1,ann@mail.example,Ann Other,yes,2026-11-20\n"
WITHOUT_DATE = "id,email,name,updates\noak-1,ann@mail.example,Ann Other,yes\n"


@pytest.mark.parametrize(("days", "gets_updates"), [(-1, False), (0, False), (1, True)])
def test_only_a_consent_after_the_opt_out_starts_updates_again(
    tables: FakeTables, petition: Petition, oak: Partner, days: int, *, gets_updates: bool
) -> None:
    """Alice signed here and stopped updates with one click, but did not confirm."""
    identity = signed(tables, petition, updates=True)
    unsubscribe(key_of(petition, identity), NOW, tables)
    send(tables, petition, oak, NOW + days * DAY, NOW + 2 * DAY)
    item = item_of(tables, petition, identity)
    assert (item["state"], item["updates"]) == ("confirmed", gets_updates)


@pytest.mark.parametrize("content", [FILE, WITHOUT_DATE])
@pytest.mark.parametrize("is_undone_first", [True, False])
def test_the_corrected_file_does_not_start_updates_again(
    importing: Importing, tables: FakeTables, petition: Petition, content: str, *, is_undone_first: bool
) -> None:
    """Ann stops updates before or after the undo of the file that she came with."""
    first = importing.file(content)
    identity = identity_of(petition, ANN)
    assert item_of(tables, petition, identity)["updates"] is True
    if is_undone_first:
        importing.undo(first)
    unsubscribe(key_of(petition, identity), NOW - MINUTE, tables)
    if not is_undone_first:
        importing.undo(first)
    for _ in range(2):
        corrected = importing.file(content)
        item = item_of(tables, petition, identity)
        assert (item["state"], item["updates"]) == ("confirmed", False)
        importing.undo(corrected)
    withdraw(key_of(petition, identity), petition, NOW, tables)
    assert "unsubscribed_at" not in item_of(tables, petition, identity)
