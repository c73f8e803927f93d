"""Alice corrects her signature, and moves it to another address. It counts once at every moment."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.core.address import read_address, signature_id
from chalicelib.core.times import exact
from chalicelib.letters.request import has_new_letter
from chalicelib.letters.withdrawn import has_withdrawn
from chalicelib.petitions.model import Petition
from chalicelib.projections.changes import stages_passed
from chalicelib.projections.recount import recount
from chalicelib.signatures.look_up import StoredSignature, find_by_id, find_moved
from chalicelib.signatures.owner import ask_to_move, correct, move
from chalicelib.signatures.withdraw import erase, withdraw
from chalicelib.tallies.count import exact_count
from tests.actors import (
    ALICE,
    DAY,
    MINUTE,
    NOW,
    SECRET,
    Person,
    change_item,
    confirmed,
    identity_of,
    item_of,
    key_of,
    signed,
)
from tests.fakes import FakeTables

LATER = NOW + DAY
NEW = Person("Alice Achterberg", "alice@new.example")


def found_in(tables: FakeTables, petition: Petition, person: Person = ALICE) -> StoredSignature:
    found = find_by_id(petition, identity_of(petition, person), NOW, tables)
    assert found
    return found


def moved(tables: FakeTables, petition: Petition, to: str = NEW.email) -> str:
    """Move Alice's signature, and return the id that it then has."""
    address = read_address(to)
    identity = signature_id(petition.slug, address.canonical, SECRET)
    move(found_in(tables, petition), address, identity, LATER, tables)
    return identity


def states_of(tables: FakeTables, petition: Petition) -> tuple[str | None, str | None]:
    """At Alice's old address, and at the new one."""
    old, new = (item_of(tables, petition, identity_of(petition, person)) for person in (ALICE, NEW))
    return old.get("state"), new.get("state")


def assert_exact(tables: FakeTables, petition: Petition, expected: int) -> None:
    assert exact_count(petition, LATER + MINUTE, tables).confirmed == expected
    found = recount(petition, lambda: LATER + 10 * MINUTE, tables)
    assert (found.confirmed, found.drift) == (expected, {})


def test_a_correction_changes_name_and_postcode_only(tables: FakeTables, petition: Petition) -> None:
    identity = confirmed(tables, petition, postcode="M1 2AB")
    before = item_of(tables, petition, identity)
    correct(found_in(tables, petition), {"name": " Alice B. ", "postcode": "sw1a1aa", "country": "NL"}, NOW, tables)
    changed = {"name": "Alice B.", "postcode": "SW1A 1AA", "changed_at": exact(NOW)}
    assert item_of(tables, petition, identity) == {**before, **changed}
    correct(found_in(tables, petition), {"postcode": ""}, NOW, tables)
    assert "postcode" not in item_of(tables, petition, identity)


def test_a_correction_after_a_withdrawal_stores_no_name(tables: FakeTables, petition: Petition) -> None:
    confirmed(tables, petition)
    found = found_in(tables, petition)
    withdraw(found.key, petition, NOW, tables)
    correct(found, {"name": "Alice B."}, NOW, tables)
    assert "name" not in item_of(tables, petition, found.signature_id)


def test_a_moved_signature_keeps_what_it_is_and_leaves_nothing_personal(tables: FakeTables, petition: Petition) -> None:
    identity = confirmed(tables, petition, updates=True, postcode="M1 2AB", source="bbc")
    old = item_of(tables, petition, identity)
    ask_to_move(found_in(tables, petition), read_address(NEW.email), NOW, tables)
    new_identity = moved(tables, petition)
    left, new = item_of(tables, petition, identity), item_of(tables, petition, new_identity)
    assert not [text for text in (ALICE.email, NEW.email, "Achterberg") if text in str(left)]
    assert (new["email"], new["mails"], new["moved_at"]) == (NEW.email, 0, left["moved_at"])
    same = ("state", "name", "postcode", "source", "updates", "signed_at", "confirmed_at", "consent_version")
    assert {name: new[name] for name in same} == {name: old[name] for name in same}
    assert "moving" not in new
    assert left["moved_to"] == new_identity
    assert_exact(tables, petition, 1)


LEAVE, CORRECT = "withdraws", "corrects the name"
ACTS: dict[str, Callable[[FakeTables, Petition], object]] = {
    "signs with the new address": lambda tables, petition: signed(tables, petition, NEW),
    "confirms with it": lambda tables, petition: confirmed(tables, petition, NEW),
    "is held with it": lambda tables, petition: hold_new(tables, petition),
    "withdraws with it": lambda tables, petition: leave_new(withdraw, tables, petition),
    "is erased with it": lambda tables, petition: leave_new(erase, tables, petition),
    LEAVE: lambda tables, petition: withdraw(key_of(petition, identity_of(petition)), petition, LATER, tables),
    CORRECT: lambda tables, petition: correct(found_in(tables, petition), {"name": "Alice B."}, NOW, tables),
    "moves too": moved,
}


def hold_new(tables: FakeTables, petition: Petition) -> None:
    change_item(tables, petition, signed(tables, petition, NEW), state="held", held="network")


def leave_new(leave: Callable[..., None], tables: FakeTables, petition: Petition) -> None:
    leave(key_of(petition, confirmed(tables, petition, NEW)), petition, NOW, tables)


@pytest.mark.parametrize("is_during", [False, True])
@pytest.mark.parametrize("act", ACTS)
def test_whatever_the_person_does_before_or_during_a_move_they_count_once(
    tables: FakeTables, petition: Petition, monkeypatch: pytest.MonkeyPatch, act: str, is_during: bool
) -> None:
    """During: after the move has read both items, and before its transaction."""
    confirmed(tables, petition)
    transact = tables.transact

    def act_first(writes: Any) -> None:
        monkeypatch.undo()
        ACTS[act](tables, petition)
        transact(writes)

    if is_during:
        monkeypatch.setattr(tables, "transact", act_first)
    else:
        ACTS[act](tables, petition)
    moved(tables, petition)
    assert states_of(tables, petition) == ("withdrawn", None if act == LEAVE else "confirmed")
    assert_exact(tables, petition, 0 if act == LEAVE else 1)
    if act == CORRECT:
        assert item_of(tables, petition, identity_of(petition, NEW))["name"] == "Alice B."


@pytest.mark.parametrize("state", ["confirmed", "held"])
def test_two_moves_that_cross_leave_one_signature(
    tables: FakeTables, petition: Petition, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    confirmed(tables, petition)
    sign_new = confirmed if state == "confirmed" else signed
    change_item(tables, petition, sign_new(tables, petition, NEW), state=state)
    transact = tables.transact

    def move_back_first(writes: Any) -> None:
        monkeypatch.undo()
        move(found_in(tables, petition, NEW), read_address(ALICE.email), identity_of(petition), LATER, tables)
        transact(writes)

    monkeypatch.setattr(tables, "transact", move_back_first)
    moved(tables, petition)
    assert states_of(tables, petition) == ("withdrawn", "confirmed")
    assert exact_count(petition, LATER, tables).confirmed == 1


def test_another_spelling_of_the_address_stays_the_same_signature(tables: FakeTables, petition: Petition) -> None:
    identity = confirmed(tables, petition)
    change_item(tables, petition, identity, undeliverable="bounced")
    assert moved(tables, petition, "alice.achterberg+p@mail.example") == identity
    item = item_of(tables, petition, identity)
    assert (item["state"], item["email"]) == ("confirmed", "alice.achterberg+p@mail.example")
    assert "undeliverable" not in item
    assert_exact(tables, petition, 1)


def test_a_move_passes_no_stage_and_neither_sends_nor_takes_out_a_letter(
    tables: FakeTables, petition: Petition
) -> None:
    identity = confirmed(tables, petition)
    change_item(tables, petition, identity, letter={"version": "v"})
    pending = signed(tables, petition, NEW)
    before = [dict(item_of(tables, petition, each)) for each in (identity, pending)]
    moved(tables, petition)
    after = [dict(item_of(tables, petition, each)) for each in (identity, pending)]
    for old, new in zip(before, after, strict=True):
        assert [*stages_passed(old, new, LATER)] == []
    assert not has_withdrawn(before[0], after[0])
    assert not has_new_letter(before[1], after[1])
    waiting = find_moved(petition, identity, NOW, tables)  # A letter that waits finds the person.
    assert waiting
    assert waiting.signature.email == NEW.email
    withdraw(key_of(petition, pending), petition, LATER, tables)
    assert [*stages_passed(after[1], item_of(tables, petition, pending), LATER)] == ["withdrawn"]


@pytest.mark.parametrize("leave", [withdraw, erase])
def test_who_leaves_leaves_no_new_address(tables: FakeTables, petition: Petition, leave: Callable[..., None]) -> None:
    identity = confirmed(tables, petition)
    ask_to_move(found_in(tables, petition), read_address(NEW.email), NOW, tables)
    leave(key_of(petition, identity), petition, NOW, tables)
    assert NEW.email not in str(item_of(tables, petition, identity))
