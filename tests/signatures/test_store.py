"""What the table keeps comes back as what was put in. Conditions: tests/stores."""

from chalicelib.petitions.model import Petition
from chalicelib.signatures import store
from chalicelib.signatures.model import Signature, State
from tests.actors import ALICE, NOW, confirmed, key_of, signed
from tests.fakes import FakeTables


def test_a_signature_comes_back_as_it_was_kept(tables: FakeTables, petition: Petition) -> None:
    key = key_of(petition, signed(tables, petition, updates=True, postcode="M1 1AE"))
    found = store.find(key, tables)
    assert found is not None
    assert (found.name, found.email, found.postcode, found.updates) == (ALICE.name, ALICE.email, "M1 1AE", True)
    assert (found.state, found.signed_at, found.mails) == (State.PENDING, NOW, 0)


def test_what_is_not_there_is_not_found(tables: FakeTables, petition: Petition) -> None:
    assert store.find(key_of(petition, "0" * 32), tables) is None


def test_moments_are_kept_to_the_second_and_expiry_as_the_table_wants_it(
    tables: FakeTables, petition: Petition
) -> None:
    key = key_of(petition, signed(tables, petition, now=NOW.replace(microsecond=999_999)))
    item = tables.items[key]
    assert item["signed_at"] == "2026-11-24T12:00:00Z"
    assert type(item["expires_at"]) is int
    assert Signature.model_validate(item).expires_at is not None


def test_an_item_of_a_later_version_is_still_read(tables: FakeTables, petition: Petition) -> None:
    key = key_of(petition, confirmed(tables, petition))
    tables.items[key]["something_new"] = "x"
    assert store.find(key, tables)
