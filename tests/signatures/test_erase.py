"""Withdrawing and erasing: both subtract a signature once and remove its personal data, and nothing restores it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.core.errors import Conflicted, LinkExpired
from chalicelib.petitions.model import Petition
from chalicelib.signatures import mail_state
from chalicelib.signatures.confirm import confirm, find_linked, read_corrections
from chalicelib.signatures.form import Corrections
from chalicelib.signatures.model import ERASED_LIFETIME, WITHDRAWN_LIFETIME, SignatureState
from chalicelib.signatures.sign import Outcome, sign_from_queue
from chalicelib.signatures.withdraw import erase, withdraw
from chalicelib.tallies.count import Days, breakdown, exact_count
from chalicelib.tallies.model import TallyDimension
from tests.actors import (
    BOB,
    DAY,
    MINUTE,
    NOW,
    a_published_petition,
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


def test_a_withdrawal_removes_personal_data_and_subtracts_one(tables: FakeTables, petition: Petition) -> None:
    confirmed(tables, petition, BOB)
    identity = confirmed(tables, petition, postcode="M1 1AE", source="bbc", updates=True)
    withdraw(key_of(petition, identity), petition, NOW, tables)
    assert exact_count(petition, NOW, tables).confirmed == 1
    item = item_of(tables, petition, identity)
    stored = json.dumps(item)
    assert not [word for word in ("Alice", "Achterberg", "alice", "M1 1AE", "bbc", "GB") if word in stored]
    assert (item["state"], item["updates"], "confirmed_at" in item) == ("withdrawn", False, False)
    assert item["expires_at"] == int((NOW + WITHDRAWN_LIFETIME).timestamp())


class RenewedMeanwhile(FakeTables):
    """After the next read, the signature is withdrawn, signed again from another country or source, and confirmed."""

    after_read: Callable[[], object] | None = None

    def get(self, *arguments: Any, **options: Any) -> Any:
        found = super().get(*arguments, **options)
        after_read, self.after_read = self.after_read, None
        if after_read:
            after_read()
        return found


@pytest.mark.parametrize("changes", [{"country": "NL"}, {"source": "bbc"}])
def test_withdrawing_a_signature_renewed_meanwhile_subtracts_from_its_new_country_and_source(
    changes: dict[str, Any],
) -> None:
    tables = RenewedMeanwhile()
    petition = a_published_petition(tables)
    key = key_of(petition, confirmed(tables, petition))

    def renew() -> None:
        withdraw(key, petition, NOW, tables)
        confirmed(tables, petition, now=NOW + DAY, **changes)

    tables.after_read = renew
    withdraw(key, petition, NOW + DAY, tables)
    for by in (TallyDimension.COUNTRY, TallyDimension.SOURCE):
        assert breakdown(petition, by, Days(), NOW + DAY, tables).values == {}


class ConfirmedMeanwhile(FakeTables):
    """The signature is confirmed after it is read as pending, `times` times."""

    petition: Petition
    times = 1

    def get(self, *arguments: Any, **options: Any) -> Any:
        found = super().get(*arguments, **options)
        if self.times and found and found.get("state") == "pending":
            self.times -= 1
            confirm(subject_of(self.petition, found["sk"]), Corrections(), self.petition, NOW, self)
        return found


def test_withdrawing_a_signature_confirmed_meanwhile_subtracts_it(petition: Petition) -> None:
    tables = ConfirmedMeanwhile()
    tables.petition = a_published_petition(tables)
    identity = signed(tables, petition)
    withdraw(key_of(petition, identity), petition, NOW, tables)
    assert exact_count(petition, NOW, tables).confirmed == 0
    assert item_of(tables, petition, identity)["state"] == "withdrawn"


def test_erasing_raises_conflicted_if_the_signature_keeps_changing(
    tables: FakeTables, petition: Petition, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = signed(tables, petition)
    monkeypatch.setattr("chalicelib.signatures.withdraw.withdraw", lambda *_: None)
    with pytest.raises(Conflicted):
        erase(key_of(petition, identity), petition, NOW, tables)
    assert item_of(tables, petition, identity)["state"] == "pending"


def test_an_old_link_to_an_erased_signature_shows_and_restores_nothing(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    erase(key_of(petition, identity), petition, LATER, tables)
    subject = subject_of(petition, identity)
    assert find_linked(subject, petition, LATER, LATER, tables).name is None
    assert confirm(subject, read_corrections({}, "GB"), petition, LATER, tables).state is SignatureState.WITHDRAWN
    del tables.items[key_of(petition, identity)]
    with pytest.raises(LinkExpired):
        confirm(subject, read_corrections({}, "GB"), petition, LATER, tables)
