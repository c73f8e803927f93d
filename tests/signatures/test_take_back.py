"""Staff remove signatures and put them back, and undo an import. Meanwhile their owners may do anything."""

from typing import Any

import pytest

from chalicelib.petitions.model import Petition
from chalicelib.signatures import store
from chalicelib.signatures.confirm import confirm, read_corrections
from chalicelib.signatures.model import OUR_FORM, Signature
from chalicelib.signatures.remove import put_back, release, remove
from chalicelib.signatures.withdraw import take_back, withdraw
from chalicelib.tallies.count import exact_count
from tests.actors import (
    ALICE,
    MINUTE,
    NOW,
    change_item,
    confirmed,
    identity_of,
    item_of,
    key_of,
    signed,
    subject_of,
)
from tests.fakes import FakeTables


def imported(tables: FakeTables, petition: Petition) -> str:
    """Store a signature that counts because a partner sent it. Return its id."""
    identity = signed(tables, petition)
    subject = subject_of(petition, identity)
    confirm(subject, read_corrections({}, subject.country), petition, NOW, tables, also={"by_partner": True})
    change_item(tables, petition, identity, receipt="r")
    return identity


def take_back_alice(tables: FakeTables, petition: Petition, receipt: str = "r") -> bool:
    return take_back(key_of(petition, identity_of(petition)), receipt, petition, NOW, tables)


def test_taking_back_twice_subtracts_one_and_removes_the_personal_data(tables: FakeTables, petition: Petition) -> None:
    identity = imported(tables, petition)
    assert [take_back_alice(tables, petition) for _ in range(2)] == [True, True]
    item = item_of(tables, petition, identity)
    assert (item["state"], item["taken_back_at"]) == ("withdrawn", "2026-11-24T12:00:00Z")
    assert not item.keys() & {"name", "email", "receipt"}
    assert exact_count(petition, NOW, tables).confirmed == 0


@pytest.mark.parametrize("changes", [{"receipt": "other"}, {"also_came_with": {"another"}}], ids=str)
def test_a_signature_that_also_came_another_way_stays(
    tables: FakeTables, petition: Petition, changes: dict[str, Any]
) -> None:
    change_item(tables, petition, imported(tables, petition), **changes)
    assert not take_back_alice(tables, petition)
    assert exact_count(petition, NOW, tables).confirmed == 1


@pytest.mark.parametrize(
    ("receipts", "undone", "first", "others"),
    [
        (["a", OUR_FORM, "b"], "b", "a", {OUR_FORM}),
        (["a", OUR_FORM, "b"], "a", None, {"b"}),
        (["a", "b"], "a", "b", None),
    ],
)
def test_the_first_receipt_stays_first_unless_its_own_import_is_undone(
    tables: FakeTables, petition: Petition, receipts: list[str], undone: str, first: str | None, others: set[str] | None
) -> None:
    """A partner's call that continues after a crash recognises its signature by the first receipt."""
    identity = imported(tables, petition)
    change_item(tables, petition, identity, receipt=receipts[0], also_came_with=set(receipts[1:]))
    assert not take_back_alice(tables, petition, undone)
    item = item_of(tables, petition, identity)
    assert (item.get("receipt"), item.get("also_came_with")) == (first, others)


@pytest.mark.parametrize("state", ["confirmed", "held", "removed"])
def test_what_its_owner_confirmed_by_email_stays(tables: FakeTables, petition: Petition, state: str) -> None:
    identity = confirmed(tables, petition)
    before = {"receipt": "r", "state": state} | ({"removed_from": "confirmed"} if state == "removed" else {})
    change_item(tables, petition, identity, **before)
    assert not take_back_alice(tables, petition)
    assert item_of(tables, petition, identity)["state"] == state


@pytest.mark.parametrize("state", ["held", "removed"])
def test_a_held_or_removed_signature_that_only_the_import_confirmed_waits_for_its_owner(
    tables: FakeTables, petition: Petition, state: str
) -> None:
    """Otherwise it would count when staff release it or put it back, although nobody confirmed it."""
    identity = signed(tables, petition)
    if state == "held":
        change_item(tables, petition, identity, held="network")
    subject, corrections = subject_of(petition, identity), read_corrections({}, "GB")
    confirm(subject, corrections, petition, NOW, tables, also={"by_partner": True, "confirmed_with": "r"})
    change_item(tables, petition, identity, also_came_with={"r"})
    key = key_of(petition, identity)

    def found() -> Signature:
        return Signature.model_validate(item_of(tables, petition, identity))

    if state == "removed":
        assert remove(key, found(), lambda _: True, "removal", petition, NOW, tables)
    assert take_back_alice(tables, petition)
    assert ("mail_kind" in item_of(tables, petition, identity)) is (state == "held")
    release(key, found(), lambda _: True, petition, NOW, tables)
    put_back(key, found(), "removal", petition, NOW, tables)
    assert item_of(tables, petition, identity)["state"] == "pending"
    assert exact_count(petition, NOW, tables).confirmed == 0


REMOVAL = "safe-children.one"


def read(tables: FakeTables, petition: Petition, identity: str) -> Signature:
    found = store.find(key_of(petition, identity), tables)
    assert found
    return found


def confirm_as_owner(tables: FakeTables, petition: Petition, identity: str) -> None:
    confirm(subject_of(petition, identity), read_corrections({}, "GB"), petition, NOW, tables, issued=NOW)


def test_who_signs_again_during_the_walk_is_removed_only_if_still_meant(tables: FakeTables, petition: Petition) -> None:
    identity = confirmed(tables, petition)
    key, earlier = key_of(petition, identity), read(tables, petition, identity)
    withdraw(key, petition, NOW, tables)
    confirmed(tables, petition, now=NOW + MINUTE, name="Alice B.")

    def is_meant(found: Signature) -> bool:
        return found.name == ALICE.name

    assert not remove(key, earlier, is_meant, REMOVAL, petition, NOW, tables)


def test_a_signature_that_now_counts_under_another_source_is_read_again(tables: FakeTables, petition: Petition) -> None:
    identity = confirmed(tables, petition)
    earlier = read(tables, petition, identity)
    change_item(tables, petition, identity, counted_source="other")
    seen: list[str | None] = []

    def fits(found: Signature) -> bool:
        seen.append(found.counted_source)
        return True

    assert remove(key_of(petition, identity), earlier, fits, REMOVAL, petition, NOW, tables)
    assert seen == [None, "other"]


def test_an_undo_puts_back_the_state_before_the_last_removal(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    key = key_of(petition, identity)

    def remove_now() -> Signature:
        assert remove(key, read(tables, petition, identity), lambda _: True, REMOVAL, petition, NOW, tables)
        return read(tables, petition, identity)

    earlier = remove_now()
    put_back(key, earlier, REMOVAL, petition, NOW, tables)
    confirm_as_owner(tables, petition, identity)
    remove_now()
    put_back(key, earlier, REMOVAL, petition, NOW, tables)
    assert item_of(tables, petition, identity)["state"] == "confirmed"


def test_a_withdrawn_signature_is_not_taken_back(tables: FakeTables, petition: Petition) -> None:
    identity = confirmed(tables, petition)
    change_item(tables, petition, identity, receipt="r")
    withdraw(key_of(petition, identity), petition, NOW, tables)
    assert not take_back_alice(tables, petition)
    assert "taken_back_at" not in item_of(tables, petition, identity)
