"""An import requests thousands of emails. People who sign now do not wait behind them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core.times import iso
from chalicelib.mail.kind import Outbox
from chalicelib.mail.relay import relay
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS
from chalicelib.partners.form import read_signature
from chalicelib.partners.model import CountsWhen
from chalicelib.partners.receive import take_each
from chalicelib.petitions.model import Petition
from chalicelib.signatures.sign import sign_from_queue
from tests.actors import ALICE, MINUTE, NOW, identity_of, item_of, overflow_message
from tests.fakes import FakeQueue, FakeTables
from tests.partnering import a_partner, a_receiving_context, sent_of


def messages_of(before: Any, after: Any, tables: FakeTables) -> tuple[int, int]:
    """Relay the change, and return how many messages are in the queues of urgent and of other email."""
    urgent, other = FakeQueue(), FakeQueue()
    relay([(before, after)], NOW, Outbox(urgent, other, SIGNATURE_KINDS), tables)
    return len(urgent.messages), len(other.messages)


def take_alice(tables: FakeTables, petition: Petition, **changes: Any) -> Any:
    """Take Alice's signature from a partner whose signatures count after our email. Return its item."""
    elm = a_partner(tables, CountsWhen.AFTER_EMAIL, "partner-elm")
    context = replace(a_receiving_context(tables, petition, elm), **changes)
    take_each([read_signature(sent_of(), elm, NOW)], context, NOW)
    return item_of(tables, petition, identity_of(petition))


def test_an_imported_person_who_signs_through_the_overflow_queue_gets_an_urgent_email(
    tables: FakeTables, petition: Petition
) -> None:
    imported = take_alice(tables, petition, channel="import", job_id="job")
    sign_from_queue(overflow_message(petition, now=NOW + MINUTE), NOW + MINUTE, tables)
    assert messages_of(imported, item_of(tables, petition, identity_of(petition)), tables) == (1, 0)


@pytest.mark.parametrize(
    ("is_imported", "signed_after", "messages"),
    # Formats without a date use the time of the call, which is an hour later.
    [(False, MINUTE, (1, 0)), (False, -MINUTE, (0, 0)), (False, 60 * MINUTE, (0, 0)), (True, MINUTE, (0, 0))],
)
@pytest.mark.parametrize(
    ("source", "identifier"), [("partner-elm", "oak:1"), ("partner-elm", "another:2"), ("partner-ash", "oak:1")]
)
def test_an_imported_person_who_signs_on_a_partners_site_gets_an_urgent_email(
    tables: FakeTables,
    petition: Petition,
    source: str,
    identifier: str,
    *,
    is_imported: bool,
    signed_after: timedelta,
    messages: tuple[int, int],
) -> None:
    """A second import makes nothing urgent, and neither does an API that sends the imported people again."""
    imported = take_alice(tables, petition, channel="import", job_id="job")
    partner = a_partner(tables, CountsWhen.AFTER_EMAIL, source)
    context = replace(a_receiving_context(tables, petition, partner), job_id="later" if is_imported else None)
    sent = sent_of(ALICE, identifier, consent={"obtained_at": iso(NOW + signed_after)})
    take_each([read_signature(sent, partner, NOW + 60 * MINUTE)], context, NOW + 60 * MINUTE)
    assert messages_of(imported, item_of(tables, petition, identity_of(petition)), tables) == messages
