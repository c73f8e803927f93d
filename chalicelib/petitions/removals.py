"""What the public learns about signatures that staff removed: how many, on which day, and why."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.aws.table import Tables
from chalicelib.petitions import store
from chalicelib.petitions.model import Petition, PublicRemoval
from chalicelib.tallies.count import RemovalCount, removal_count

if TYPE_CHECKING:
    from chalicelib.petitions.answers import RemovedSignatures


def removed_signatures(petition: Petition) -> "list[RemovedSignatures]":
    return [_removed(removal) for removal in petition.removals]


def _removed(removal: PublicRemoval) -> "RemovedSignatures":
    removed: RemovedSignatures = {"count": removal.count, "on": removal.on, "reason": removal.reason}
    if removal.put_back_on:
        removed |= {"put_back": removal.put_back, "put_back_on": removal.put_back_on}
    return removed


def record_removal(slug: str, removal: str, reason: str, at: datetime, now: datetime, tables: Tables) -> None:
    """Store with the petition what the removal took out of the count until now. Idempotent.

    `at`: when the removal began; `reason`: its own, of which an undo knows nothing. Only one job of a petition runs at
    a time, so nobody else changes the list.
    """
    petition = store.get(slug, tables, consistent=True)
    numbers = removal_count(slug, removal, tables)
    if petition is None or not any(numbers.values()):
        return
    known = {each.id: each for each in petition.removals}
    earlier = known.get(removal, PublicRemoval(id=removal, count=0, on=at.date().isoformat(), reason=reason))
    changes: dict[str, Any] = {"count": numbers[RemovalCount.REMOVED], "put_back": numbers[RemovalCount.PUT_BACK]}
    if changes["put_back"] > earlier.put_back:
        changes["put_back_on"] = now.date().isoformat()
    known[removal] = earlier.model_copy(update=changes)
    store.store_removals(slug, [*known.values()], tables)
