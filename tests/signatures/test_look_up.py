"""Looking up signatures, by email address or id only."""

import pytest

from chalicelib.core.address import read_address
from chalicelib.petitions.model import Petition
from chalicelib.signatures import store
from chalicelib.signatures.look_up import find_by_id, find_signatures, identities_of
from tests.actors import ALICE, BOB, NOW, SECRET, a_published_petition, confirmed, key_of, signed
from tests.fakes import FakeTables

SECRETS = {"v1": SECRET, "v2": "another"}


def test_a_person_is_found_by_any_spelling_of_the_address(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    signed(tables, petition, BOB)
    for typed in (ALICE.email, ALICE.email.upper(), ALICE.email.replace("@", "+petition@")):
        [stored] = find_signatures(identities_of(read_address(typed), [petition], SECRETS), NOW, tables)
        assert (stored.signature_id, stored.signature.name) == (identity, ALICE.name)


def test_an_address_is_found_in_every_petition_with_its_own_secret(tables: FakeTables) -> None:
    petitions = [
        a_published_petition(tables, slug="one"),
        a_published_petition(tables, slug="two"),
        a_published_petition(tables, slug="three"),
    ]
    ids = [confirmed(tables, petitions[0]), signed(tables, petitions[2])]
    stored = find_signatures(identities_of(read_address(ALICE.email), petitions, SECRETS), NOW, tables)
    assert [(each.petition.slug, each.signature_id) for each in stored] == [("one", ids[0]), ("three", ids[1])]


def test_an_unknown_address_returns_an_empty_list_without_a_scan(tables: FakeTables, petition: Petition) -> None:
    signed(tables, petition, BOB)
    tables.calls.clear()
    assert find_signatures(identities_of(read_address(ALICE.email), [petition], SECRETS), NOW, tables) == []
    assert tables.calls == ["batch_get"]


def test_a_signature_is_found_by_id(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    stored = find_by_id(petition, identity, NOW, tables)
    assert stored
    assert stored.signature.name == ALICE.name
    assert find_by_id(petition, "0" * 32, NOW, tables) is None


@pytest.mark.parametrize("identity", ["", "x", "0" * 31, "0" * 33, "g" * 32, "0" * 31 + "\n"])
def test_a_malformed_id_is_not_looked_up(tables: FakeTables, petition: Petition, identity: str) -> None:
    tables.calls.clear()
    assert find_by_id(petition, identity, NOW, tables) is None
    assert tables.calls == []


def test_an_item_with_unknown_attributes_is_read(tables: FakeTables, petition: Petition) -> None:
    key = key_of(petition, confirmed(tables, petition))
    tables.items[key]["something_new"] = "x"
    assert store.find(key, tables)
