"""Withdrawing and unsubscribing: idempotent, and withdrawing removes all personal data."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.petitions.model import Petition
from chalicelib.signatures.confirm import confirm
from chalicelib.signatures.form import Corrections
from chalicelib.signatures.model import WITHDRAWN_LIFETIME
from chalicelib.signatures.withdraw import withdraw
from chalicelib.tallies.count import Days, breakdown, exact_count
from chalicelib.tallies.model import TallyDimension
from tests.actors import BOB, DAY, NOW, a_published_petition, confirmed, item_of, key_of, signed, subject_of
from tests.fakes import FakeTables


def test_a_withdrawal_removes_personal_data_and_subtracts_one(tables: FakeTables, petition: Petition) -> None:
    confirmed(tables, petition, BOB)
    identity = confirmed(tables, petition, postcode="M1 1AE", source="bbc", updates=True)
    withdraw(key_of(petition, identity), petition, NOW, tables)
    assert exact_count(petition, NOW, tables).confirmed == 1
    item = item_of(tables, petition, identity)
    stored = json.dumps(item)
    assert not [word for word in ("Alice", "Achterberg", "alice", "M1 1AE", "bbc", "GB") if word in stored]
    assert (item["state"], item["updates"]) == ("withdrawn", False)
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
