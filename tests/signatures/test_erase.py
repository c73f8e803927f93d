"""Erasing removes a signature from the count and its personal data from the table; late messages restore nothing."""

import json
from datetime import UTC, datetime

import pytest

from chalicelib.core.errors import Conflicted, LinkExpired
from chalicelib.petitions.model import Petition
from chalicelib.signatures import mail_state
from chalicelib.signatures.confirm import confirm, find_linked, read_corrections
from chalicelib.signatures.model import ERASED_LIFETIME, SignatureState
from chalicelib.signatures.sign import Outcome, sign_from_queue
from chalicelib.signatures.withdraw import erase, withdraw
from chalicelib.tallies.count import exact_count
from tests.actors import (
    BOB,
    DAY,
    MINUTE,
    NOW,
    claim_mail,
    confirmed,
    item_of,
    key_of,
    overflow_message,
    request_of,
    signed,
    subject_of,
)
from tests.fakes import FakeTables

LATER = NOW + MINUTE
# "pk" and "sk" are the petition and a hash.
ERASED_ATTRIBUTES = {
    *("pk", "sk", "state", "channel", "updates", "mails", "expires_at"),
    *("obtained_by", "text_version", "consent_version", "signed_at", "withdrawn_at", "erased_at"),
}


def test_an_erased_item_does_not_show_who_signed_what_or_when(tables: FakeTables, petition: Petition) -> None:
    confirmed(tables, petition, BOB)
    identity = confirmed(tables, petition, postcode="M1 1AE", source="bbc", updates=True)
    erase(key_of(petition, identity), petition, LATER, tables)
    assert exact_count(petition, LATER, tables).confirmed == 1
    item = item_of(tables, petition, identity)
    assert item.keys() == ERASED_ATTRIBUTES
    assert {item["obtained_by"], item["text_version"], item["consent_version"]} == {""}
    assert item["signed_at"] == "2026-11-24T12:01:00Z"
    assert {item["withdrawn_at"], item["erased_at"]} == {"2026-11-24T12:01:00.000000Z"}
    assert item["expires_at"] == int((LATER + ERASED_LIFETIME).timestamp())
    text = json.dumps(item)
    for word in ("Alice", "alice", "M1 1AE", "bbc", "GB", petition.charity):
        assert word not in text


def test_an_erased_item_outlives_every_queued_message(tables: FakeTables, petition: Petition) -> None:
    """Moving a message back from the dead letters restarts the 14 days of SQS, but not the message's own lifetime."""
    message = overflow_message(petition, NOW)
    signed(tables, petition)
    erase(key_of(petition, message.signature_id), petition, NOW, tables)
    deleted_at = item_of(tables, petition, message.signature_id)["expires_at"]
    assert sign_from_queue(message, datetime.fromtimestamp(deleted_at, UTC), FakeTables()) is Outcome.OVERTAKEN


def test_repeated_erasing_subtracts_one_and_a_message_signed_in_between_is_overtaken(
    tables: FakeTables, petition: Petition
) -> None:
    identity = confirmed(tables, petition)
    confirmed(tables, petition, BOB)
    for day in range(3):
        erase(key_of(petition, identity), petition, NOW + day * DAY, tables)
    assert exact_count(petition, NOW + 2 * DAY, tables).confirmed == 1
    expires_at = NOW + 2 * DAY + ERASED_LIFETIME
    assert item_of(tables, petition, identity)["expires_at"] == int(expires_at.timestamp())
    assert sign_from_queue(overflow_message(petition, NOW + DAY), NOW + 3 * DAY, tables) is Outcome.OVERTAKEN


def test_an_old_link_to_an_erased_signature_shows_and_restores_nothing(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    erase(key_of(petition, identity), petition, LATER, tables)
    subject = subject_of(petition, identity)
    assert find_linked(subject, petition, LATER, LATER, tables).name is None
    assert confirm(subject, read_corrections({}, "GB"), petition, LATER, tables).state is SignatureState.WITHDRAWN
    del tables.items[key_of(petition, identity)]
    with pytest.raises(LinkExpired):
        confirm(subject, read_corrections({}, "GB"), petition, LATER, tables)


def test_later_mail_events_do_not_restore_the_address(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    key, request = key_of(petition, identity), request_of(tables, petition, identity)
    claim_mail(tables, petition, identity, NOW)
    erase(key, petition, LATER, tables)
    mail_state.mark_mailed(key, request.requested_at, LATER, NOW + 60 * DAY, tables)
    mail_state.mark_undeliverable(key, "bounced", tables)
    item = item_of(tables, petition, identity)
    assert item.keys() == {*ERASED_ATTRIBUTES, "mailed_at"}
    assert item["expires_at"] == int((LATER + ERASED_LIFETIME).timestamp())


def test_a_signature_made_during_erasure_is_erased_too(
    tables: FakeTables, petition: Petition, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = confirmed(tables, petition)
    signs_again = iter([True, False])

    def withdraw_and_sign_again(*arguments: object) -> None:
        withdraw(*arguments)  # type: ignore[arg-type]
        if next(signs_again):
            signed(tables, petition, now=LATER)

    monkeypatch.setattr("chalicelib.signatures.withdraw.withdraw", withdraw_and_sign_again)
    erase(key_of(petition, identity), petition, LATER, tables)
    assert item_of(tables, petition, identity).keys() == ERASED_ATTRIBUTES


def test_erasing_raises_conflicted_if_the_signature_keeps_changing(
    tables: FakeTables, petition: Petition, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = signed(tables, petition)
    monkeypatch.setattr("chalicelib.signatures.withdraw.withdraw", lambda *_: None)
    with pytest.raises(Conflicted):
        erase(key_of(petition, identity), petition, NOW, tables)
    assert item_of(tables, petition, identity)["state"] == "pending"
