"""A person signs again: a second email, and the renewal of withdrawn and expired signatures."""

from collections.abc import Mapping
from typing import Any

from chalicelib.aws.table import Change
from chalicelib.core.errors import Unavailable
from chalicelib.mail.relay import needs_message
from chalicelib.petitions.model import Petition
from chalicelib.signatures.mail_state import mark_undeliverable
from chalicelib.signatures.model import UNMAILED_LIFETIME
from chalicelib.signatures.sign import Outcome
from chalicelib.signatures.withdraw import withdraw
from tests.actors import (
    ALICE,
    DAY,
    MINUTE,
    NOW,
    a_signing_context,
    change_item,
    identity_of,
    item_of,
    key_of,
    sign_by_form,
    signed,
)
from tests.fakes import FakeTables


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
