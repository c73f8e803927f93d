"""Signatures are read from the table. tests/stores checks the conditions of the writes."""

from chalicelib.petitions.model import Petition
from chalicelib.signatures import store
from tests.actors import confirmed, key_of
from tests.fakes import FakeTables


def test_an_item_with_unknown_attributes_is_read(tables: FakeTables, petition: Petition) -> None:
    key = key_of(petition, confirmed(tables, petition))
    tables.items[key]["something_new"] = "x"
    assert store.find(key, tables)
