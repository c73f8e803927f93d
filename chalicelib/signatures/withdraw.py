"""Withdraw, unsubscribe or erase a signature, or undo that an import brought it. All can be repeated at any time.

To erase (GDPR, article 17) is to withdraw, which subtracts from the tally, and to empty the item. An earlier message in
the overflow queue must not store the signature again, so the empty item stays.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from chalicelib.aws.table import Attr, Change, Tables
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed, Conflicted
from chalicelib.core.keys import Key
from chalicelib.core.times import exact, iso
from chalicelib.petitions.model import Petition
from chalicelib.signatures import store
from chalicelib.signatures.counted import withdraw_and_subtract
from chalicelib.signatures.model import (
    ERASED_LIFETIME,
    MAIL_REQUEST_FIELDS,
    PERSONAL_FIELDS,
    UNMAILED_LIFETIME,
    WITHDRAWN_LIFETIME,
    MailKind,
    Signature,
    SignatureState,
)
from chalicelib.signatures.store import (
    IS_WITHDRAWN,
    change_to,
    has_receipts_of,
    has_same_submission,
    is_counted_as,
    receipts_without,
)

ATTEMPTS = 3


def withdraw(key: Key, petition: Petition, now: datetime, tables: Tables) -> None:
    """Remove the signature's personal data, and subtract the signature from the tally if it was counted. Idempotent.

    Raise Conflicted if the signature changes during each attempt.
    """
    for _ in range(ATTEMPTS):
        stored = store.find(key, tables)
        if stored is None:
            return
        if stored.state is SignatureState.WITHDRAWN:
            # The undo of an import withdrew this signature, so a later import could store it again. Now the owner
            # withdraws too. After that, no import can store it again while this item exists.
            if stored.taken_back_at and not record_withdrawal_by_owner(key, now, tables):
                continue  # A partner has just stored it again: read it again.
            return
        change = withdrawal(key, stored, now)
        try:
            withdraw_and_subtract(petition, stored, change, now, tables)
            return
        except ConditionFailed:
            continue  # The signature was confirmed or renewed meanwhile: read it again.
    raise Conflicted


def unsubscribe(key: Key, now: datetime, tables: Tables) -> None:
    """Stop the email with updates about the petition. The signature still counts. Idempotent."""
    with suppress(ConditionFailed):  # The signature does not exist or is withdrawn, so there are no updates to stop.
        stop_updates(key, now, tables)


def erase(key: Key, petition: Petition, now: datetime, tables: Tables) -> None:
    """Withdraw the signature, then empty its item. Works in any state. Idempotent.

    Raise Conflicted if somebody signs again with the address during each attempt.
    """
    for _ in range(ATTEMPTS):
        withdraw(key, petition, now, tables)
        try:
            empty_item(key, now, tables)
        except ConditionFailed as failure:
            if failure.item:
                continue  # Somebody signed again with the address between the two calls.
        return
    raise Conflicted


def erase_all(identities: Iterable[tuple[Petition, str]], now: datetime, tables: Tables) -> None:
    """Erase the signatures of an address, also those that wait in the overflow queue. After an error, call it again.

    `identities`: the petition and id of each. A signature that is not stored gets an empty item, for the queue's
    worker.
    """
    for petition, identity in identities:
        key = keys.signature(petition.slug, identity)
        try:
            mark_erased(key, now, tables)
        except ConditionFailed:  # There is an item: a signature, or an empty item.
            erase(key, petition, now, tables)


def stop_updates(key: Key, now: datetime, tables: Tables) -> None:
    """Raise ConditionFailed if the signature is absent or withdrawn, unless by an undo: a corrected file may bring it
    back.
    """
    may_get_updates = Attr("state").ne(SignatureState.WITHDRAWN) | Attr("taken_back_at").exists()
    assign = {"updates": False, "unsubscribed_at": exact(now)}
    tables.update(Change(key, assign=assign, when=Attr("state").exists() & may_get_updates))


def withdrawal(key: Key, stored: Signature, now: datetime) -> Change:
    """Return the change for a withdrawal by the person, if the signature is still as in `stored`."""
    expires = int((now + WITHDRAWN_LIFETIME).timestamp())
    assign = {"state": SignatureState.WITHDRAWN, "withdrawn_at": exact(now), "updates": False, "expires_at": expires}
    # If the person signed again after an undo, `taken_back_at` is still stored. But now the person withdraws.
    removed = (*PERSONAL_FIELDS, *MAIL_REQUEST_FIELDS, "confirmed_at", "taken_back_at")
    return Change(key, assign=assign, remove=removed, when=is_counted_as(stored))


def withdrawal_by_undo(key: Key, stored: Signature, now: datetime) -> Change:
    """Return the change for an undone import, if the receipts are as in `stored`. Keep `unsubscribed_at` for the next
    file.
    """
    change = withdrawal(key, stored, now)
    is_unchanged = is_counted_as(stored) & has_receipts_of(stored)
    removed = [name for name in change.remove if name not in ("unsubscribed_at", "taken_back_at")]
    return replace(change, assign={**change.assign, "taken_back_at": iso(now)}, remove=removed, when=is_unchanged)


def return_to_pending(key: Key, receipt: str, stored: Signature, now: datetime) -> Change:
    """Return the change after which the person's own signature waits to be confirmed, if it is not removed.

    The earlier email's link may have expired, or the email was never sent. So request it again.
    """
    later = ("updates_at", "updates_version")  # The owner is asked about updates again, with the signature.
    not_pending = ("confirmed_at", "owner_confirmed_at", "counted_source", "by_partner", "confirmed_with", *later)
    since_now: dict[str, Any] = {"pending_again_at": now, "expires_at": now + UNMAILED_LIFETIME}
    is_removed = stored.state is SignatureState.REMOVED
    since_now |= {"removed_from" if is_removed else "state": SignatureState.PENDING}
    changes = {**dict.fromkeys((*not_pending, *MAIL_REQUEST_FIELDS)), **receipts_without(receipt, stored), **since_now}
    pending = stored.as_typed.model_copy(update=changes)
    is_unchanged = is_counted_as(stored) & has_receipts_of(stored) & has_same_submission(stored)
    change = change_to(key, stored, pending, is_unchanged)
    may_request = stored.undeliverable is None and not is_removed
    request = {"mail_kind": MailKind.CONFIRM_IMPORTED, "mail_requested_at": iso(now)} if may_request else {}
    assign = {**change.assign, **request}
    return replace(change, assign=assign, remove=[*{*change.remove, *MAIL_REQUEST_FIELDS} - assign.keys()])


def record_withdrawal_by_owner(key: Key, now: datetime, tables: Tables) -> bool:
    """Turn a withdrawal by an undone import into one by the person. Return False if it is none any more.

    Perhaps the person agreed on a partner's site after the undo: this ends that consent too.
    """
    assign = {"withdrawn_at": exact(now), "expires_at": int((now + WITHDRAWN_LIFETIME).timestamp())}
    is_taken_back = IS_WITHDRAWN & Attr("taken_back_at").exists()
    return tables.try_update(
        Change(key, assign=assign, remove=["taken_back_at", "unsubscribed_at"], when=is_taken_back)
    )


def empty_item(key: Key, now: datetime, tables: Tables) -> None:
    """Remove from a withdrawn item what the person signed and when. Attributes that limit email to the address stay.

    If the item is already empty, set its times to `now`. Raise ConditionFailed, with the item, if it is not withdrawn.
    """
    removed = (*PERSONAL_FIELDS, *MAIL_REQUEST_FIELDS, "confirmed_at", "taken_back_at")
    tables.update(Change(key, assign=_empty_attributes(now), remove=removed, when=IS_WITHDRAWN))


def mark_erased(key: Key, now: datetime, tables: Tables) -> None:
    """Store an empty item if there is no signature with this key. Raise ConditionFailed if there is one."""
    mark = {"state": SignatureState.WITHDRAWN, "channel": "", "mails": 0, **_empty_attributes(now)}
    tables.update(Change(key, assign=mark, when=Attr("state").not_exists()))


def _empty_attributes(now: datetime) -> dict[str, Any]:
    """Return the attributes of an erased item. Each item must have `signed_at`, so it gets the time of the erasing."""
    return {
        "signed_at": iso(now),
        "withdrawn_at": exact(now),
        "erased_at": exact(now),
        **dict.fromkeys(("obtained_by", "text_version", "consent_version"), ""),
        "updates": False,
        "expires_at": int((now + ERASED_LIFETIME).timestamp()),
    }


def take_back(key: Key, receipt: str, petition: Petition, now: datetime, tables: Tables) -> bool:
    """Withdraw the signature if it came only with this receipt. Return whether this call or an earlier one did so.

    If the owner has confirmed it by our email, change nothing. If it also came in another way, remove only the receipt;
    but if nothing then makes it count, make it pending again, and return True. The person can sign again, and a partner
    can send it again. Raise Conflicted if it changes during each attempt.
    """
    for _ in range(ATTEMPTS):
        stored = store.find(key, tables)
        if stored is None:
            return False
        if is_taken_back(stored):
            return True
        is_only_receipt = stored.all_receipts == {receipt}
        # Staff may release a held signature, and put a removed one back: then it counts.
        is_confirmed = (stored.removed_from or stored.state) in (SignatureState.CONFIRMED, SignatureState.HELD)
        is_confirmed_by_email = is_confirmed and not stored.by_partner
        is_counted_by_partner = is_confirmed and stored.by_partner
        if (is_only_receipt and is_confirmed_by_email) or receipt not in stored.all_receipts:
            return False
        try:
            if is_only_receipt:
                change = withdrawal_by_undo(key, stored, now)
            elif is_counted_by_partner and not stored.counts_at_once_with(stored.all_receipts - {receipt}):
                change = return_to_pending(key, receipt, stored, now)
            else:
                store.remove_receipt(key, receipt, stored, tables)
                return False
            withdraw_and_subtract(petition, stored, change, now, tables)
            return True
        except ConditionFailed:
            continue  # The person signed, confirmed or withdrew meanwhile: read the signature again.
    raise Conflicted


def is_taken_back(stored: Signature) -> bool:
    """Return whether the undo of an import withdrew the signature, and nobody has signed again since."""
    return stored.state is SignatureState.WITHDRAWN and stored.taken_back_at is not None


def add_receipt(key: Key, receipt: str, tables: Tables) -> bool:
    """Add a further receipt, so that undoing another import does not withdraw the signature. Idempotent.

    Return False if the signature is withdrawn or deleted, or has too many receipts.
    """
    return store.add_obtainer_and_receipts(key, {"also_came_with": {receipt}}, tables)
