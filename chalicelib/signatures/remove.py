"""Remove signatures that are not genuine, put them back, and release held ones: one transaction with the tally each.

`stored` is the signature as the walk of a job read it. If it has changed since, each verb reads it again, and asks
`fits` whether it is still meant. Every verb is idempotent: a step of a job may run twice.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from chalicelib.aws.table import Attr, Change, Condition, Tables
from chalicelib.core.errors import ConditionFailed, Conflicted
from chalicelib.core.keys import Key
from chalicelib.core.sources import DIRECT
from chalicelib.core.times import exact, iso
from chalicelib.petitions.model import Petition
from chalicelib.signatures import store
from chalicelib.signatures.counted import change_and_count
from chalicelib.signatures.model import MAIL_REQUEST_FIELDS, MailKind, Signature, SignatureState
from chalicelib.tallies.count import RemovalCount, count_change
from chalicelib.tallies.model import TallyEntry

ATTEMPTS = 3
Fits = Callable[[Signature], bool]
# What a verb makes of a signature as it is stored now. False: nothing, because it is not meant.
_Verb = Callable[[Signature], bool]


def remove(
    key: Key, stored: Signature, fits: Fits, removal: str, petition: Petition, now: datetime, tables: Tables
) -> bool:
    """Return False if the signature is withdrawn or removed, or no longer fits."""

    def verb(found: Signature) -> bool:
        if found.state in (SignatureState.WITHDRAWN, SignatureState.REMOVED) or not fits(found):
            return False
        at = {"state": SignatureState.REMOVED, "removed_at": iso(now), "removal": removal, "removed_from": found.state}
        change = Change(key, assign=at, remove=MAIL_REQUEST_FIELDS, when=_is_still(found))
        if found.state is SignatureState.CONFIRMED:
            counter = count_change(petition.slug, removal, {RemovalCount.REMOVED: 1})
            change_and_count(petition, _entry(-1, found, now), lambda _entry: change, tables, counter)
        else:
            tables.update(change)
        return True

    return _try_with_newest(key, stored, verb, tables)


def put_back(key: Key, stored: Signature, removal: str, petition: Petition, now: datetime, tables: Tables) -> bool:
    """Undo `remove`. A signature that counted counts again, from now on. Return False if this removal has it not."""

    def verb(found: Signature) -> bool:
        if found.state is not SignatureState.REMOVED or found.removal != removal:
            return False
        is_this_removal = Attr("removal").eq(removal) & Attr("removed_from").eq(found.removed_from)
        confirmed = Attr("owner_confirmed_at")
        is_this_removal &= confirmed.exists() if found.owner_confirmed_at else confirmed.not_exists()
        when = Attr("state").eq(SignatureState.REMOVED) & is_this_removal
        change = Change(key, _as_before(found, now), remove=("removal", "removed_from"), when=when)
        if found.removed_from is SignatureState.CONFIRMED:
            counter = count_change(petition.slug, removal, {RemovalCount.REMOVED: -1, RemovalCount.PUT_BACK: 1})
            _count(petition, found, change, now, tables, counter)
        elif change.assign["state"] is SignatureState.CONFIRMED:  # The removal took nothing out of the count.
            _count(petition, found, change, now, tables)
        else:
            tables.update(change)
        return True

    return _try_with_newest(key, stored, verb, tables)


def release(key: Key, stored: Signature, fits: Fits, petition: Petition, now: datetime, tables: Tables) -> bool:
    """End the hold. Count the signature, if its owner has confirmed it. Return False if it is not held or not meant."""

    def verb(found: Signature) -> bool:
        if found.state not in (SignatureState.PENDING, SignatureState.HELD) or not found.held or not fits(found):
            return False
        when = _is_still(found) & Attr("held").exists()
        if found.state is SignatureState.PENDING:
            tables.update(Change(key, {"changed_at": exact(now)}, remove=("held",), when=when))
        else:
            counted = {"state": SignatureState.CONFIRMED, "confirmed_at": iso(now)}
            _count(petition, found, Change(key, counted, remove=("held",), when=when), now, tables)
        return True

    return _try_with_newest(key, stored, verb, tables)


def _try_with_newest(key: Key, stored: Signature | None, verb: _Verb, tables: Tables) -> bool:
    for _ in range(ATTEMPTS):
        if stored is None:
            return False
        try:
            return verb(stored)
        except ConditionFailed:
            stored = store.find(key, tables)  # Signed, confirmed, withdrawn or removed meanwhile.
    raise Conflicted


def _is_still(found: Signature) -> Condition:
    """Who withdrew and signed again after the walk read it has another signature, which perhaps is not meant."""
    return store.is_counted_as(found) & store.has_same_submission(found)


def _as_before(found: Signature, now: datetime) -> dict[str, Any]:
    state = found.removed_from
    if state is SignatureState.PENDING and found.owner_confirmed_at:  # While it was removed.
        state = SignatureState.HELD if found.held else SignatureState.CONFIRMED
    before: dict[str, Any] = {"state": state, "changed_at": exact(now)}
    if state is SignatureState.CONFIRMED:
        before["confirmed_at"] = iso(now)
    if state is SignatureState.PENDING:
        before["pending_again_at"] = iso(now)
        if not found.mails and not found.undeliverable:  # It was removed before its email was sent.
            before |= {"mail_kind": MailKind.CONFIRM_IMPORTED, "mail_requested_at": iso(now)}
    return before


def _count(
    petition: Petition, found: Signature, change: Change, now: datetime, tables: Tables, *others: Change
) -> None:
    def change_for(entry: TallyEntry) -> Change:
        return replace(change, assign={**change.assign, **_counted_source(entry, found)})

    change_and_count(petition, _entry(+1, found, now), change_for, tables, *others)


def _entry(amount: int, found: Signature, now: datetime) -> TallyEntry:
    counted_under = found.counted_source or found.source or DIRECT
    by_partner = bool(found.by_partner)
    return TallyEntry(amount, now, found.country or "", counted_under, by_partner=by_partner, is_removal=True)


def _counted_source(entry: TallyEntry, found: Signature) -> dict[str, str]:
    return {} if entry.source == (found.source or DIRECT) else {"counted_source": entry.source}
