"""An undone import takes back exactly the signatures that came only with it."""

from typing import Any

import pytest

from chalicelib.petitions.model import Petition
from chalicelib.signatures.take_back import take_back
from chalicelib.signatures.withdraw import withdraw
from chalicelib.tallies.count import exact_count
from tests.actors import NOW, change_item, confirmed, identity_of, item_of, key_of, signed
from tests.fakes import FakeTables


def taken_back(tables: FakeTables, petition: Petition, receipt: str = "r") -> bool:
    return take_back(key_of(petition, identity_of(petition)), receipt, petition, NOW, tables)


def test_it_leaves_the_count_and_loses_its_personal_data_once(tables: FakeTables, petition: Petition) -> None:
    identity = confirmed(tables, petition)
    change_item(tables, petition, identity, receipt="r")
    assert [taken_back(tables, petition) for _ in range(2)] == [True, True]
    item = item_of(tables, petition, identity)
    assert (item["state"], item["taken_back_at"]) == ("withdrawn", "2026-11-24T12:00:00Z")
    assert not item.keys() & {"name", "email", "receipt"}
    assert exact_count(petition, NOW, tables).confirmed == 0


@pytest.mark.parametrize(
    "changes", [{"receipt": "other"}, {"receipt": "r", "also_came_with": {"another"}}, {"receipt": "r", "mails": 1}]
)
def test_whoever_came_otherwise_too_stays(tables: FakeTables, petition: Petition, changes: dict[str, Any]) -> None:
    change_item(tables, petition, confirmed(tables, petition), **changes)
    assert not taken_back(tables, petition)
    assert exact_count(petition, NOW, tables).confirmed == 1


def test_who_signs_again_is_a_new_signature(tables: FakeTables, petition: Petition) -> None:
    identity = confirmed(tables, petition)
    change_item(tables, petition, identity, receipt="r")
    taken_back(tables, petition)
    signed(tables, petition)
    item = item_of(tables, petition, identity)
    assert (item["state"], "taken_back_at" in item, "receipt" in item) == ("pending", False, False)


def test_who_withdrew_has_withdrawn(tables: FakeTables, petition: Petition) -> None:
    identity = confirmed(tables, petition)
    change_item(tables, petition, identity, receipt="r")
    withdraw(key_of(petition, identity), petition, NOW, tables)
    assert not taken_back(tables, petition)
    assert "taken_back_at" not in item_of(tables, petition, identity)
