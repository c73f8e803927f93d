"""A person is found by the address they signed with, and by nothing else."""

import pytest

from chalicelib.petitions.model import Petition
from chalicelib.signatures.address import read_address
from chalicelib.signatures.look_up import held_as, held_of
from tests.actors import ALICE, BOB, SECRET, a_published_petition, confirmed, signed
from tests.fakes import FakeTables

SECRETS = {"v1": SECRET, "v2": "another"}


def test_the_same_person_is_found_however_the_address_is_typed(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    signed(tables, petition, BOB)
    for typed in (ALICE.email, ALICE.email.upper(), ALICE.email.replace("@", "+petition@")):
        [held] = held_of(read_address(typed), [petition], SECRETS, tables)
        assert (held.signature_id, held.signature.name) == (identity, ALICE.name)


def test_one_address_is_found_in_every_petition_under_the_secret_each_of_them_keeps(tables: FakeTables) -> None:
    petitions = [
        a_published_petition(tables, slug="one"),
        a_published_petition(tables, slug="two"),
        a_published_petition(tables, slug="three"),
    ]
    ids = [confirmed(tables, petitions[0]), signed(tables, petitions[2])]
    held = held_of(read_address(ALICE.email), petitions, SECRETS, tables)
    assert [(each.petition.slug, each.signature_id) for each in held] == [("one", ids[0]), ("three", ids[1])]


def test_nobody_is_no_error_and_the_table_is_never_listed(tables: FakeTables, petition: Petition) -> None:
    signed(tables, petition, BOB)
    tables.calls.clear()
    assert held_of(read_address(ALICE.email), [petition], SECRETS, tables) == []
    assert tables.calls == ["batch_get"]


def test_no_petition_is_no_error(tables: FakeTables) -> None:
    assert held_of(read_address(ALICE.email), [], SECRETS, tables) == []


def test_a_petition_under_a_secret_that_is_not_there_fails_loudly(tables: FakeTables) -> None:
    petition = a_published_petition(tables, key_version="v9")
    with pytest.raises(KeyError):
        held_of(read_address(ALICE.email), [petition], SECRETS, tables)


def test_by_its_id_a_signature_is_found_or_not(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    held = held_as(petition, identity, tables)
    assert held
    assert held.signature.name == ALICE.name
    assert held_as(petition, "0" * 32, tables) is None


@pytest.mark.parametrize("identity", ["", "x", "0" * 31, "0" * 33, "g" * 32, "0" * 31 + "\n"])
def test_what_is_no_id_is_not_even_asked_for(tables: FakeTables, petition: Petition, identity: str) -> None:
    tables.calls.clear()
    assert held_as(petition, identity, tables) is None
    assert tables.calls == []
