"""Decide for each item of a copy what `manage.py restore` writes into the live table. No calls to AWS, no clock.

When the application changes signed data (SIGNED), it also changes one of TIMES. So a live signature with the copy's
times but other signed data was damaged. `updates`, what is about email and ADDED_LATER can change without. A signature
that is confirmed in the copy, pending now and not withdrawn was deleted, and its owner signed again. The engineer's
files have the ids of people who withdrew (`withdrawn_by_link`) or stopped updates (`unsubscribed`) by a link, perhaps
while their signature was missing.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import reduce
from operator import and_
from typing import Any

from pydantic import ValidationError

from chalicelib.aws.table import Change, Condition, Item, is_still
from chalicelib.core import keys
from chalicelib.core.times import exact, iso
from chalicelib.signatures.model import MAIL_REQUEST_FIELDS, PERSONAL_FIELDS, Signature, SignatureState
from commands.decision import RestoreDecision, RestoreOutcome, SinceCopy, item_key, new_item

TIMES = (
    "signed_at", "submitted_at", "confirmed_at", "owner_confirmed_at", "withdrawn_at", "pending_again_at", "erased_at",
    "emptied_at", "updates_at", "removed_at", "changed_at",
)  # fmt: skip
LEAVING = ("withdrawn_at", "pending_again_at")
# Later letters, later signatures by partners, the end of updates.
ADDED_LATER = (
    "letter", "letter_asked", "receipt", "also_obtained_by", "also_came_with", "unsubscribed_at",
    "counts_with", "confirmed_with",
)  # fmt: skip
_REMOVED_ONLY_WITH_NEW_TIME = ("letter", "also_obtained_by", "unsubscribed_at")
# A wish to move is forgotten after days anyway.
_PERSONAL = [name for name in PERSONAL_FIELDS if name not in (*ADDED_LATER, *TIMES, "moving")]
SIGNED = ("state", *_PERSONAL, "obtained_by", "channel", "text_version", "consent_version", *TIMES)

# The application never removes these.
EMAIL_HISTORY = ("mails", "mailed_at", "undeliverable")


def decide_signature(copied: Item, live: Item | None, since_copy: SinceCopy) -> RestoreDecision:
    """`copied`: the copy's item. `live`: the live table's item, if there is one."""
    if live is not None and not _is_damaged(copied, live):
        if _part(SIGNED, copied) != _part(SIGNED, live):
            return _decide_newer(copied, live, since_copy)
        return _decide_unchanged(live, since_copy)
    reason = _reason_to_leave_out(copied, since_copy)
    if reason:
        return RestoreDecision(reason)
    if live is None:
        added = {"restored_at": iso(since_copy.now), **_stop_of_updates(copied, since_copy)}
        return RestoreDecision(RestoreOutcome.PUT_BACK, new_item(keys.SIGNATURES, copied, added))
    return RestoreDecision(RestoreOutcome.REPAIRED, _repair(copied, live, since_copy))


def _decide_newer(copied: Item, live: Item, since_copy: SinceCopy) -> RestoreDecision:
    """A live signature that was signed or changed after the copy's moment stays.

    But turn its updates off if a partner got the person's consent, the person stopped updates, the damage deleted this
    stop, and the partner's consent then started updates (`by_partner`). Who signed again on our site chose anew.
    """
    # If the copy has both a stop and `updates`, the person agreed again after the stop.
    stop_in_copy = {} if copied.get("updates") else _part(("unsubscribed_at",), copied)
    stop = _stop_of_updates(live, since_copy) or stop_in_copy
    # With a stop, the application saw it: only a later consent can have started updates.
    has_no_stop = "unsubscribed_at" not in live
    partner_started_updates = live.get("by_partner") and live.get("updates") and has_no_stop
    if not (stop and partner_started_updates):
        return RestoreDecision(RestoreOutcome.NEWER)
    change = Change(item_key(keys.SIGNATURES, live), assign={"updates": False, **stop}, when=_is_unchanged(live))
    return RestoreDecision(RestoreOutcome.NEWER_WITHOUT_UPDATES, change)


def _decide_unchanged(live: Item, since_copy: SinceCopy) -> RestoreDecision:
    """If an earlier run restored what the person had withdrawn or unsubscribed, do that now."""
    if "restored_at" not in live:
        return RestoreDecision(RestoreOutcome.SAME)
    if live["sk"] in since_copy.withdrawn_by_link and live["state"] != SignatureState.WITHDRAWN:
        return RestoreDecision(RestoreOutcome.WITHDRAWN)  # For this outcome, restore.py calls `withdraw`.
    stop = _stop_of_updates(live, since_copy)
    # `unsubscribed_at` has fractions of a second. Without "Z", this text sorts before them: "05" before "05.25Z".
    start_of_restore = live["restored_at"].removesuffix("Z")
    # A stop since the restore is later than the file's, and `updates` may be a later choice still.
    has_stop_since_restore = live.get("unsubscribed_at", "") >= start_of_restore
    if stop and not has_stop_since_restore:
        change = Change(item_key(keys.SIGNATURES, live), assign=stop, when=_is_unchanged(live))
        return RestoreDecision(RestoreOutcome.UNSUBSCRIBED, change)
    return RestoreDecision(RestoreOutcome.SAME)


def _is_damaged(copied: Item, live: Item) -> bool:
    """Return whether the live item was damaged, or was signed again after the confirmed signature was deleted."""
    if _was_signed_again(copied, live):
        return True
    live_times = _part(TIMES, live)
    has_new_time = any(time != copied.get(name) for name, time in live_times.items())
    if has_new_time:
        return False  # The application changed the item.
    # The undo of an import keeps `unsubscribed_at`, and a withdrawal by the owner after it removes this. Older code
    # left `withdrawn_at` as it was.
    is_withdrawn = live.get("state") == SignatureState.WITHDRAWN
    has_lost_data = not is_withdrawn and bool(_lost(_REMOVED_ONLY_WITH_NEW_TIME, copied, live))
    return has_lost_data or _part(SIGNED, copied) != _part(SIGNED, live)


def _was_signed_again(copied: Item, live: Item) -> bool:
    """Return whether the confirmed signature was deleted and its owner signed again.

    After a withdrawal or undo, `withdrawn_at` or `pending_again_at` differs.
    """
    was_confirmed = copied.get("state") == SignatureState.CONFIRMED
    is_pending = live.get("state") == SignatureState.PENDING
    was_not_withdrawn = _part(LEAVING, copied) == _part(LEAVING, live)
    return was_confirmed and is_pending and was_not_withdrawn


def _reason_to_leave_out(copied: Item, since_copy: SinceCopy) -> RestoreOutcome | None:
    """None: the signature may be restored."""
    try:
        signature = Signature.model_validate(copied)
    except ValidationError:
        return RestoreOutcome.UNUSABLE
    is_complete = signature.name and signature.email and signature.country
    if not is_complete and signature.state is not SignatureState.WITHDRAWN:  # A withdrawal removes these data.
        return RestoreOutcome.UNUSABLE
    if signature.expires_at is not None and signature.expires_at <= since_copy.now:
        return RestoreOutcome.EXPIRED
    if copied["sk"] in since_copy.withdrawn_by_link:
        return RestoreOutcome.LEFT_OUT
    # The log records an action before it is done: perhaps it failed, so an engineer must check the printed ids.
    return RestoreOutcome.GONE if _is_withdrawn_or_erased(copied["sk"], signature, since_copy) else None


def _is_withdrawn_or_erased(signature_id: str, signature: Signature, since_copy: SinceCopy) -> bool:
    """Return whether the signature was withdrawn or erased after it was signed, and the copy does not show this."""

    def is_after_signing(times: Mapping[str, datetime]) -> bool:
        return signature_id in times and times[signature_id] >= signature.signed_at

    was_erased = is_after_signing(since_copy.erased) and signature.erased_at is None
    was_withdrawn = is_after_signing(since_copy.withdrawn) and signature.state is not SignatureState.WITHDRAWN
    return was_erased or was_withdrawn


def _stop_of_updates(item: Item, since_copy: SinceCopy) -> Item:
    """Return what `stop_updates` would have stored if the person stopped updates while the signature was missing.

    The file does not say when. With `now`, the latest possible time, no earlier consent to a partner starts them again.
    """
    # If staff withdrew it by undoing an import (`taken_back_at`), a later import may bring it back, with updates.
    may_get_updates = item.get("state") != SignatureState.WITHDRAWN or "taken_back_at" in item
    if item["sk"] in since_copy.unsubscribed and may_get_updates:
        return {"updates": False, "unsubscribed_at": exact(since_copy.now)}
    return {}


def _repair(copied: Item, live: Item, since_copy: SinceCopy) -> Change:
    """Return the change that writes the copy's signed data, and what the live item can have lost only by damage.

    `updates` becomes True only if both have it. ADDED_LATER stays, but of a new, pending signature only its stop of
    updates: its letter must not be sent with the confirmed signature that is restored.
    """
    replaced = [*SIGNED]
    if _was_signed_again(copied, live):
        replaced += [name for name in ADDED_LATER if name != "unsubscribed_at"]
    lost = _lost((*EMAIL_HISTORY, *_REMOVED_ONLY_WITH_NEW_TIME), copied, live)
    assign: dict[str, Any] = {**_part(replaced, copied), **lost, "restored_at": iso(since_copy.now)}
    assign["updates"] = bool(copied.get("updates") and live.get("updates"))
    assign |= _stop_of_updates(copied, since_copy)
    removed = [name for name in replaced if name not in copied]
    if copied["state"] == SignatureState.CONFIRMED:  # It does not expire, and needs no email with a link to confirm.
        removed.append("expires_at")
        if live.get("state") != SignatureState.CONFIRMED:  # Otherwise keep its request: perhaps for a receipt.
            removed += MAIL_REQUEST_FIELDS
    elif "expires_at" in copied and "expires_at" not in live:
        assign["expires_at"] = copied["expires_at"]
    return Change(item_key(keys.SIGNATURES, copied), assign=assign, remove=removed, when=_is_unchanged(live))


def _lost(names: Iterable[str], copied: Item, live: Item) -> Item:
    missing = [name for name in names if name not in live]
    return _part(missing, copied)


def _is_unchanged(live: Item) -> Condition:
    names = (*SIGNED, *ADDED_LATER, *EMAIL_HISTORY, "updates")
    conditions = [is_still(name, live.get(name)) for name in names]
    return reduce(and_, conditions)


def _part(names: Iterable[str], item: Item) -> Item:
    return {name: item[name] for name in names if name in item}
