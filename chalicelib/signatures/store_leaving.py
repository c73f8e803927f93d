"""Write that a person unsubscribes, withdraws or is erased. Every write has a condition, as in store.py.

`iso` returns a time with whole seconds, `exact` with microseconds. The undo of a partner's import withdraws signatures
that came with it, and stores `taken_back_at` in each. The partner may then import a corrected file.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from chalicelib.aws.table import Attr, Change, Tables
from chalicelib.core.keys import Key
from chalicelib.core.times import exact, iso
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


def stop_updates(key: Key, now: datetime, tables: Tables) -> None:
    """Record that the person wants no more updates. Raise ConditionFailed if the signature is absent or withdrawn.

    But if the undo of an import withdrew it, record the choice: a corrected file may bring the person back.
    """
    may_get_updates = Attr("state").ne(SignatureState.WITHDRAWN) | Attr("taken_back_at").exists()
    assign = {"updates": False, "unsubscribed_at": exact(now)}
    tables.update(Change(key, assign=assign, when=Attr("state").exists() & may_get_updates))


def withdrawal(key: Key, stored: Signature, now: datetime) -> Change:
    """Return the change for a withdrawal by the person, if the signature is still as in `stored` (`is_counted_as`)."""
    expires = int((now + WITHDRAWN_LIFETIME).timestamp())
    assign = {"state": SignatureState.WITHDRAWN, "withdrawn_at": exact(now), "updates": False, "expires_at": expires}
    # If the person signed again after an undo, `taken_back_at` is still stored. But now the person withdraws.
    removed = (*PERSONAL_FIELDS, *MAIL_REQUEST_FIELDS, "confirmed_at", "taken_back_at")
    return Change(key, assign=assign, remove=removed, when=is_counted_as(stored))


def withdrawal_by_undo(key: Key, stored: Signature, now: datetime) -> Change:
    """Return the change for an undone import: withdraw the signature if its receipts are still as in `stored`.

    Keep `unsubscribed_at`, because a corrected file may bring the person back.
    """
    change = withdrawal(key, stored, now)
    is_unchanged = is_counted_as(stored) & has_receipts_of(stored)
    removed = [name for name in change.remove if name not in ("unsubscribed_at", "taken_back_at")]
    return replace(change, assign={**change.assign, "taken_back_at": iso(now)}, remove=removed, when=is_unchanged)


def return_to_pending(key: Key, receipt: str, stored: Signature, now: datetime) -> Change:
    """Return the change for an undone import after which the person's own signature waits to be confirmed.

    The earlier email's link may have expired, or the email was never sent. So request it again.
    """
    not_pending = ("confirmed_at", "counted_source", "by_partner", "confirmed_with", *MAIL_REQUEST_FIELDS)
    since_now = {"pending_again_at": now, "expires_at": now + UNMAILED_LIFETIME}
    changes = {**dict.fromkeys(not_pending), **receipts_without(receipt, stored), **since_now}
    pending = stored.as_typed.model_copy(update={**changes, "state": SignatureState.PENDING})
    is_unchanged = is_counted_as(stored) & has_receipts_of(stored) & has_same_submission(stored)
    change = change_to(key, stored, pending, is_unchanged)
    may_request = stored.undeliverable is None
    request = {"mail_kind": MailKind.CONFIRM_IMPORTED, "mail_requested_at": iso(now)} if may_request else {}
    assign = {**change.assign, **request}
    return replace(change, assign=assign, remove=[*{*change.remove, *MAIL_REQUEST_FIELDS} - assign.keys()])


def record_withdrawal_by_owner(key: Key, now: datetime, tables: Tables) -> bool:
    """Turn a withdrawal by an undone import into one by the person, at `now`. Return False if it is none any more.

    Perhaps the person agreed on a partner's site after the undo. This withdrawal is later, so it ends that consent too.
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
