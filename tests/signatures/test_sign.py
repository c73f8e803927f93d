"""A signature is stored once, however often a person signs, and no response reveals who has signed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from chalicelib.aws.table import Change, Item
from chalicelib.core import keys
from chalicelib.core.errors import Unavailable
from chalicelib.mail.relay import needs_message
from chalicelib.petitions.model import Petition
from chalicelib.signatures import store
from chalicelib.signatures.look_up import find_by_id
from chalicelib.signatures.mail_state import mark_mailed, mark_undeliverable, request_mail
from chalicelib.signatures.model import UNMAILED_LIFETIME, MailKind
from chalicelib.signatures.sign import Outcome
from chalicelib.signatures.withdraw import withdraw
from tests.actors import (
    ALICE,
    DAY,
    MINUTE,
    NOW,
    Person,
    a_signing_context,
    change_item,
    claim_mail,
    confirmed,
    identity_of,
    item_of,
    key_of,
    sign_by_form,
    signed,
)
from tests.fakes import FakeTables


def send_mail(tables: FakeTables, petition: Petition, identity: str, now: datetime = NOW) -> None:
    """Claim the requested email and mark it as sent, as a sender does."""
    requested_at = item_of(tables, petition, identity)["mail_requested_at"]
    claim_mail(tables, petition, identity, now)
    mark_mailed(key_of(petition, identity), requested_at, now, now + 15 * DAY, tables)


def signatures_in(tables: FakeTables) -> list[Item]:
    return [item for key, item in tables.items.items() if key.table == keys.SIGNATURES]


def test_the_item_records_everything_needed_as_proof(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition, updates=True, country="NL", postcode="1012 AB", source="bbc")
    assert item_of(tables, petition, identity) == {
        "pk": f"safe-children#{keys.bucket_of(identity)}",
        "sk": identity,
        "state": "pending",
        "signed_at": "2026-11-24T12:00:00Z",
        "name": ALICE.name,
        "email": ALICE.email,
        "country": "NL",
        "postcode": "1012 AB",
        "source": "bbc",
        "updates": True,
        "obtained_by": petition.charity,
        "channel": "form",
        "text_version": petition.text_version,
        "consent_version": petition.consent_version,
        "mail_kind": "confirm",
        "mail_requested_at": "2026-11-24T12:00:00Z",
        "mails": 0,
        "expires_at": int((NOW + UNMAILED_LIFETIME).timestamp()),
    }


def test_another_spelling_of_the_same_mailbox_is_the_same_signature(tables: FakeTables, petition: Petition) -> None:
    signed(tables, petition, Person("Alice", "a.lice@gmail.com"))
    signed(tables, petition, Person("Alice Again", "ALICE+news@googlemail.com"))
    assert [item["name"] for item in signatures_in(tables)] == ["Alice"]


def test_a_repetition_cannot_change_a_confirmed_signature(tables: FakeTables, petition: Petition) -> None:
    identity = confirmed(tables, petition)
    before = item_of(tables, petition, identity) | {"mail_kind": "already-signed"}
    signed(tables, petition, Person("Mallory", ALICE.email), NOW + DAY, country="NL", updates=True)
    item = item_of(tables, petition, identity)
    item.pop("mail_requested_at")
    assert item == before


def test_signing_again_nudges_a_lost_mail_request(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    before = item_of(tables, petition, identity)
    signed(tables, petition, now=NOW + 9 * MINUTE)
    assert item_of(tables, petition, identity) == before
    signed(tables, petition, now=NOW + 10 * MINUTE)
    nudged = item_of(tables, petition, identity)
    assert needs_message(before, nudged)
    assert nudged["mail_requested_at"] == before["mail_requested_at"]
    signed(tables, petition, now=NOW + 11 * MINUTE)
    assert item_of(tables, petition, identity) == nudged, "not more often than every ten minutes"


def test_a_blocked_address_gets_no_email_and_the_usual_response(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    mark_undeliverable(key_of(petition, identity), "complained", tables)
    assert sign_by_form(petition, NOW + DAY, a_signing_context(tables)) == (identity, Outcome.REPEATED)
    assert "mail_kind" not in item_of(tables, petition, identity)


def test_signing_after_a_bounce_and_a_withdrawal_requests_no_email(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    change_item(tables, petition, identity, undeliverable="bounced")
    withdraw(key_of(petition, identity), petition, NOW, tables)
    signed(tables, petition, now=NOW + DAY, network="home")
    item = item_of(tables, petition, identity)
    assert (item["state"], item["name"]) == ("pending", ALICE.name)
    assert not {"mail_kind", "mail_network"} & item.keys()


def test_a_signature_that_ttl_deletes_during_renewal_is_not_lost(petition: Petition) -> None:
    class DeletedBeforeUpdate(FakeTables):
        def _update(self, change: Change, returns: Mapping[str, str]) -> Any:
            self.items.pop(change.key, None)
            return super()._update(change, returns)

    tables = DeletedBeforeUpdate()
    identity = identity_of(petition)
    signed(tables, petition)
    try:
        signed(tables, petition, now=NOW + UNMAILED_LIFETIME + DAY)
    except Unavailable:
        return  # It was not acknowledged, so the supporter tries again.
    assert item_of(tables, petition, identity), "answered 202 but stored no signature"


def test_a_second_mail_request_extends_the_expiry(tables: FakeTables, petition: Petition) -> None:
    """Alice signs again the day before her signature expires, and SES's quota may delay the email for weeks."""
    key = key_of(petition, signed(tables, petition))
    mark_mailed(key, "2026-11-24T12:00:00Z", NOW, NOW + 15 * DAY, tables)
    request_mail(key, MailKind.CONFIRM, NOW + 14 * DAY, tables)
    expires_at = NOW + 14 * DAY + UNMAILED_LIFETIME
    assert tables.items[key]["expires_at"] == int(expires_at.timestamp())


@pytest.mark.parametrize("identity", ["", "x", "0" * 31, "0" * 33, "g" * 32, "0" * 31 + "\n"])
def test_a_malformed_id_is_not_looked_up(tables: FakeTables, petition: Petition, identity: str) -> None:
    tables.calls.clear()
    assert find_by_id(petition, identity, NOW, tables) is None
    assert tables.calls == []


def test_an_item_with_unknown_attributes_is_read(tables: FakeTables, petition: Petition) -> None:
    key = key_of(petition, confirmed(tables, petition))
    tables.items[key]["something_new"] = "x"
    assert store.find(key, tables)
