"""A restore never starts the updates of a person who stopped them, and no earlier consent starts them later."""

from typing import Any

import pytest

from chalicelib.aws.table import Change, NewItem
from chalicelib.core.times import exact
from chalicelib.petitions.model import Petition
from chalicelib.signatures.withdraw import unsubscribe, withdraw
from commands import damage
from commands.decision import RestoreOutcome, SinceCopy
from tests.actors import NOW, change_item, confirmed, item_of, key_of, signed
from tests.commands.test_damage import LATER
from tests.fakes import FakeTables


def restore(kept: dict[str, Any], tables: FakeTables, petition: Petition, *unsubscribed: str) -> RestoreOutcome:
    key = key_of(petition, kept["sk"])
    since_copy = SinceCopy(LATER, unsubscribed=frozenset(unsubscribed))
    decision = damage.decide_signature(kept, tables.items.get(key), since_copy)
    if isinstance(decision.write, NewItem):
        tables.put_new(decision.write)
    elif decision.write:
        tables.update(decision.write)
    return decision.outcome


@pytest.mark.parametrize("updates", [True, False])
@pytest.mark.parametrize("is_restored_first", [True, False])
@pytest.mark.parametrize("is_deleted", [True, False])
def test_a_stop_that_only_the_file_has_is_recorded_once(
    tables: FakeTables, petition: Petition, *, is_deleted: bool, is_restored_first: bool, updates: bool
) -> None:
    kept = item_of(tables, petition, confirmed(tables, petition, updates=updates))
    if is_deleted:
        del tables.items[key_of(petition, kept["sk"])]
    else:
        change_item(tables, petition, kept["sk"], name="x")
    if is_restored_first:
        restore(kept, tables, petition)
    outcomes = [restore(kept, tables, petition, kept["sk"]) for _ in range(2)]
    assert outcomes[1] is RestoreOutcome.SAME
    assert (outcomes[0] is RestoreOutcome.UNSUBSCRIBED) is is_restored_first
    item = item_of(tables, petition, kept["sk"])
    assert (item["updates"], item["unsubscribed_at"]) == (False, exact(LATER))


def test_a_consent_after_the_restore_is_kept(tables: FakeTables, petition: Petition) -> None:
    """The person was restored, stopped updates, and agreed again to a partner."""
    kept = item_of(tables, petition, confirmed(tables, petition, updates=True))
    del tables.items[key_of(petition, kept["sk"])]
    restore(kept, tables, petition)
    change_item(tables, petition, kept["sk"], unsubscribed_at=exact(LATER), updates=True)
    assert restore(kept, tables, petition, kept["sk"]) is RestoreOutcome.SAME


@pytest.mark.parametrize("harm", [{}, {"assign": {"name": "x"}}, {"assign": {"updates": True}}], ids=str)
def test_a_stop_that_was_lost_is_restored(tables: FakeTables, petition: Petition, harm: dict[str, Any]) -> None:
    identity = confirmed(tables, petition, updates=True)
    unsubscribe(key_of(petition, identity), NOW, tables)
    kept = item_of(tables, petition, identity)
    tables.update(Change(key_of(petition, identity), **{"remove": ["unsubscribed_at"], **harm}))
    assert restore(kept, tables, petition) is RestoreOutcome.REPAIRED
    item = item_of(tables, petition, identity)
    assert (item["updates"], item["unsubscribed_at"]) == (False, exact(NOW))


@pytest.mark.parametrize("stopped_before", [True, False])
@pytest.mark.parametrize("stopped_after", [True, False])
def test_a_stop_before_or_after_signing_again_stays_with_the_confirmed_signature(
    tables: FakeTables, petition: Petition, *, stopped_before: bool, stopped_after: bool
) -> None:
    identity = confirmed(tables, petition, updates=True)
    key = key_of(petition, identity)
    if stopped_before:
        unsubscribe(key, NOW, tables)
    kept = item_of(tables, petition, identity)
    del tables.items[key]
    signed(tables, petition, now=LATER, updates=True)
    if stopped_after:
        unsubscribe(key, LATER, tables)
    assert restore(kept, tables, petition) is RestoreOutcome.REPAIRED
    item = item_of(tables, petition, identity)
    latest_stop = exact(LATER) if stopped_after else exact(NOW) if stopped_before else None
    assert (item["state"], item.get("unsubscribed_at")) == ("confirmed", latest_stop)
    assert item["updates"] is (latest_stop is None)


def test_a_withdrawn_signature_keeps_no_time_of_a_stop(tables: FakeTables, petition: Petition) -> None:
    """The undo of an import withdrew the signature, and then its owner withdrew too."""
    identity = confirmed(tables, petition)
    withdraw(key_of(petition, identity), petition, NOW, tables)
    change_item(tables, petition, identity, taken_back_at="2026-11-24T12:00:00Z")
    unsubscribe(key_of(petition, identity), NOW, tables)
    kept = item_of(tables, petition, identity)
    assert "unsubscribed_at" in kept
    withdraw(key_of(petition, identity), petition, NOW, tables)
    assert restore(kept, tables, petition) is RestoreOutcome.SAME
    withdrawn = item_of(tables, petition, identity)
    del tables.items[key_of(petition, identity)]
    restore(withdrawn, tables, petition, identity)
    assert "unsubscribed_at" not in item_of(tables, petition, identity)


@pytest.mark.parametrize("by_partner", [True, False])
@pytest.mark.parametrize("stop_is_in", ["copy", "file", "copy, then agreed again", None])
def test_a_partners_consent_does_not_replace_a_stop_but_signing_again_here_does(
    tables: FakeTables, petition: Petition, stop_is_in: str | None, *, by_partner: bool
) -> None:
    """The signature was deleted. Before the restore, a partner sent it again, or the person signed and confirmed."""
    identity = confirmed(tables, petition, updates=True)
    key = key_of(petition, identity)
    if stop_is_in and stop_is_in.startswith("copy"):
        unsubscribe(key, NOW, tables)
    if stop_is_in == "copy, then agreed again":
        change_item(tables, petition, identity, updates=True)
    kept = item_of(tables, petition, identity)
    del tables.items[key]
    confirmed(tables, petition, now=LATER, updates=True)
    if by_partner:
        change_item(tables, petition, identity, by_partner=True)
    in_file = [identity] if stop_is_in == "file" else []
    outcomes = [restore(kept, tables, petition, *in_file) for _ in range(2)]
    is_stopped = by_partner and stop_is_in in ("copy", "file")
    first = RestoreOutcome.NEWER_WITHOUT_UPDATES if is_stopped else RestoreOutcome.NEWER
    assert outcomes == [first, RestoreOutcome.NEWER]
    assert item_of(tables, petition, identity)["updates"] is not is_stopped
