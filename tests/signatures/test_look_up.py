"""Looking up signatures, by email address or id only."""

import pytest

from chalicelib.core.address import read_address
from chalicelib.petitions.model import Petition
from chalicelib.signatures import store
from chalicelib.signatures.look_up import find_by_id, find_signatures, identities_of
from tests.actors import ALICE, BOB, NOW, SECRET, confirmed, key_of, signed
from tests.fakes import FakeTables

SECRETS = {"v1": SECRET, "v2": "another"}


def test_an_unknown_address_returns_an_empty_list_without_a_scan(tables: FakeTables, petition: Petition) -> None:
    signed(tables, petition, BOB)
    tables.calls.clear()
    assert find_signatures(identities_of(read_address(ALICE.email), [petition], SECRETS), NOW, tables) == []
    assert tables.calls == ["batch_get"]


@pytest.mark.parametrize("identity", ["", "x", "0" * 31, "0" * 33, "g" * 32, "0" * 31 + "\n"])
def test_a_malformed_id_is_not_looked_up(tables: FakeTables, petition: Petition, identity: str) -> None:
    tables.calls.clear()
    assert find_by_id(petition, identity, NOW, tables) is None
    assert tables.calls == []


def test_an_item_with_unknown_attributes_is_read(tables: FakeTables, petition: Petition) -> None:
    key = key_of(petition, confirmed(tables, petition))
    tables.items[key]["something_new"] = "x"
    assert store.find(key, tables)
