"""Signatures are read back as they were stored. tests/stores checks the conditions."""

from chalicelib.petitions.model import Petition
from chalicelib.signatures import store
from chalicelib.signatures.model import Signature, SignatureState
from tests.actors import ALICE, NOW, confirmed, key_of, signed
from tests.fakes import FakeTables


def test_a_stored_signature_is_read_back_unchanged(tables: FakeTables, petition: Petition) -> None:
    key = key_of(petition, signed(tables, petition, updates=True, postcode="M1 1AE"))
    found = store.find(key, tables)
    assert found is not None
    assert (found.name, found.email, found.postcode, found.updates) == (ALICE.name, ALICE.email, "M1 1AE", True)
    assert (found.state, found.signed_at, found.mails) == (SignatureState.PENDING, NOW, 0)


def test_reading_an_absent_signature_returns_none(tables: FakeTables, petition: Petition) -> None:
    assert store.find(key_of(petition, "0" * 32), tables) is None


def test_times_are_stored_in_seconds_and_expiry_as_epoch(tables: FakeTables, petition: Petition) -> None:
    key = key_of(petition, signed(tables, petition, now=NOW.replace(microsecond=999_999)))
    item = tables.items[key]
    assert item["signed_at"] == "2026-11-24T12:00:00Z"
    assert type(item["expires_at"]) is int
    assert Signature.model_validate(item).expires_at is not None


def test_an_item_with_unknown_attributes_is_read(tables: FakeTables, petition: Petition) -> None:
    key = key_of(petition, confirmed(tables, petition))
    tables.items[key]["something_new"] = "x"
    assert store.find(key, tables)
