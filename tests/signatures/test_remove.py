"""The walk of a job reads many signatures, and changes each later. Meanwhile their owners may do anything."""

from chalicelib.petitions.model import Petition
from chalicelib.signatures import store
from chalicelib.signatures.confirm import confirm, read_corrections
from chalicelib.signatures.model import Signature
from chalicelib.signatures.remove import put_back, remove
from chalicelib.signatures.withdraw import withdraw
from tests.actors import ALICE, MINUTE, NOW, change_item, confirmed, item_of, key_of, signed, subject_of
from tests.fakes import FakeTables

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
