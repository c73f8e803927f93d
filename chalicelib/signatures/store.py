"""Read and write signatures. Every write has a condition, because the signature may have changed since it was read.

A receipt is our record of a signature that a partner sent; OUR_FORM in its place means that the person signed here.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.aws.table import Attr, Change, Condition, NewItem, Tables, absent_or_at_most, is_still
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.keys import Key
from chalicelib.core.times import exact, iso
from chalicelib.core.tokens import Subject
from chalicelib.signatures.mail_state import may_have_more_mail
from chalicelib.signatures.model import (
    MAIL_REQUEST_FIELDS,
    MAX_FURTHER_RECEIPTS,
    OUR_FORM,
    PERSONAL_FIELDS,
    MailKind,
    Signature,
    SignatureState,
    withdrawal_limit,
)

_is_pending = Attr("state").eq(SignatureState.PENDING)
# To their owners, held and removed signatures look like confirmed ones.
_is_signed = (
    Attr("state").eq(SignatureState.CONFIRMED)
    | Attr("state").eq(SignatureState.HELD)
    | Attr("state").eq(SignatureState.REMOVED)
)
_is_removed_unconfirmed = (
    Attr("state").eq(SignatureState.REMOVED)
    & Attr("removed_from").eq(SignatureState.PENDING)
    & Attr("owner_confirmed_at").not_exists()
)
IS_WITHDRAWN = Attr("state").eq(SignatureState.WITHDRAWN)


def add(key: Key, signature: Signature, tables: Tables) -> None:
    """Store a new signature with one conditional put. Raise ConditionFailed with the item if the signature exists."""
    item = signature.model_dump(exclude_none=True)
    tables.put_new(NewItem(key, item))


def find(key: Key, tables: Tables) -> Signature | None:
    item = tables.get(key, consistent=True)
    return as_signature(item) if item else None


def find_each(signature_keys: Sequence[Key], tables: Tables) -> dict[Key, Signature]:
    found = tables.batch_get(signature_keys, consistent=True)
    return {Key(keys.SIGNATURES, item["pk"], item["sk"]): as_signature(item) for item in found}


def as_signature(item: Mapping[str, Any]) -> Signature:
    return Signature.model_validate(item)


def renew(key: Key, signature: Signature, now: datetime, tables: Tables) -> None:
    """Replace a signature that is over by a new one: withdrawn, expired, or removed before its owner confirmed it.

    Raise ConditionFailed in any other state. A partner's signature replaces no removed one, and no withdrawal by the
    person, which may be later than the partner's consent. The
    number of emails sent stays. An undeliverable address gets no mail request.
    """
    is_expired = _is_pending & Attr("expires_at").lte(int(now.timestamp()))
    taken_back = IS_WITHDRAWN & Attr("taken_back_at").exists()
    may_return = taken_back if signature.receipt else IS_WITHDRAWN | _is_removed_unconfirmed
    is_over = may_return | is_expired
    try:
        tables.update(_renewal(key, signature, is_over & may_have_more_mail()))
    except ConditionFailed:  # Perhaps only because the address is undeliverable.
        no_request = {"mail_kind": None, "mail_requested_at": None, "mail_network": None}
        unmailed = signature.model_copy(update=no_request)
        tables.update(_renewal(key, unmailed, is_over))


def _renewal(key: Key, signature: Signature, when: Condition) -> Change:
    kept = {
        "mails",  # If it were 0 again, the next email would be limited as a first one (mail/turns.py).
        "withdrawn_at",  # An export that is running needs to know who withdrew, and an earlier link must not confirm.
        "taken_back_at",  # If it is stored, `withdrawn_at` is the time when staff undid an import: nobody withdrew.
        "unsubscribed_at",  # A consent that a partner got earlier must not start updates.
    }
    fresh = signature.model_dump(exclude_none=True, exclude=kept)
    old_fields = ("erased_at", *PERSONAL_FIELDS, *MAIL_REQUEST_FIELDS)
    stale = [name for name in old_fields if name not in fresh and name not in kept]
    return Change(key, assign=fresh, remove=stale, when=when)


def replace(key: Key, stored: Signature, merged: Signature, tables: Tables) -> bool:
    """Store where `merged` differs from `stored`. Return False if the signature was changed since it was read."""
    if merged == stored:
        return True
    is_unchanged = (
        has_same_submission(stored) & Attr("state").eq(stored.state) & is_still("by_partner", stored.by_partner)
    )
    return tables.try_update(change_to(key, stored, merged, is_unchanged))


def has_same_submission(stored: Signature) -> Condition:
    """Return the condition that nobody has signed here again since. Each change of a submission has a later time."""
    times = stored.model_dump(include={"signed_at", "submitted_at"})
    return is_still("signed_at", times["signed_at"]) & is_still("submitted_at", times["submitted_at"])


def change_to(key: Key, stored: Signature, changed: Signature, when: Condition) -> Change:
    """Return the change that stores where `changed` differs from `stored`."""
    old, new = stored.model_dump(exclude_none=True), changed.model_dump(exclude_none=True)
    assign = {name: value for name, value in new.items() if value != old.get(name)}
    return Change(key, assign=assign, remove=[name for name in old if name not in new], when=when)


def confirmation(
    subject: Subject,
    changes: Mapping[str, Any],
    counted_source: str,
    now: datetime,
    *,
    has_receipt_email: bool = False,
    issued: datetime | None = None,
    seen: Signature | None = None,
) -> Change:
    """Return the change from pending to confirmed, if the stored country and source are still those of the link.

    `changes`: attributes to store; None removes one. `issued`: when the link was issued; a later withdrawal wins.
    `seen`: if anything changed since this was read, change nothing. `has_receipt_email`: also request the receipt.
    Otherwise a `letter_asked` requests the email that offers it (only partners' calls: partners/receive.py).
    """
    changed = {name: value for name, value in changes.items() if value is not None}
    emptied = [name for name, value in changes.items() if value is None]
    kind = None
    if has_receipt_email:
        kind = MailKind.RECEIPT
    elif changed.get("letter_asked"):
        kind = MailKind.ALREADY_SIGNED  # Only this email can offer a letter.
    request = {"mail_kind": kind, "mail_requested_at": iso(now)} if kind else {}
    counted = {} if counted_source == subject.source else {"counted_source": counted_source}
    may_confirm = _is_pending & _is_as_linked(subject, issued) & Attr("held").not_exists()
    if seen:
        withdrawn_at = exact(seen.withdrawn_at) if seen.withdrawn_at else None
        may_confirm &= has_same_submission(seen) & is_still("withdrawn_at", withdrawn_at)
    old_request = [name for name in MAIL_REQUEST_FIELDS if name not in request]
    assign = {"state": SignatureState.CONFIRMED, "confirmed_at": iso(now), **changed, **counted, **request}
    return Change(subject.key, assign=assign, remove=["expires_at", *old_request, *emptied], when=may_confirm)


def uncounted_confirmation(
    subject: Subject, state: SignatureState, changes: Mapping[str, Any], now: datetime, issued: datetime | None
) -> Change:
    """Return the change by which the owner confirms a signature that then is HELD or REMOVED: it does not count."""
    assign = {name: value for name, value in changes.items() if value is not None}
    assign |= {"state": state, "owner_confirmed_at": iso(now)}
    remove = [name for name in (*changes, "expires_at", *MAIL_REQUEST_FIELDS) if name not in assign]
    waits = _is_removed_unconfirmed if state is SignatureState.REMOVED else _is_pending & Attr("held").exists()
    return Change(subject.key, assign=assign, remove=remove, when=waits & _is_as_linked(subject, issued))


def _is_as_linked(subject: Subject, issued: datetime | None) -> Condition:
    as_linked = Attr("country").eq(subject.country) & Attr("source").eq(subject.source)
    return as_linked & absent_or_at_most("withdrawn_at", withdrawal_limit(issued)) if issued else as_linked


def answer_offer(key: Key, letter: Mapping[str, Any] | None, tables: Tables) -> bool:
    """Record the owner's answer to the offered letter: `letter` with changes, or None to send none.

    Return False if no letter is offered any more.
    """
    is_offered = Attr("letter_asked").exists() & Attr("letter").not_exists()
    assign = {"letter": letter} if letter else {}
    when = is_offered & Attr("state").eq(SignatureState.CONFIRMED)
    return tables.try_update(Change(key, assign=assign, remove=["letter_asked"], when=when))


def agree_to_updates(key: Key, issued: datetime, version: str | None, now: datetime, tables: Tables) -> bool:
    """Record that the owner of a counted signature asks for updates, by a link that was issued then.

    `version`: of the consents that the page showed. The consent is the owner's own, also if a partner's file confirmed
    the signature: the undo of the file does not end it. Return False if the owner has withdrawn or stopped updates
    since: that takes a newer link.
    """
    latest = withdrawal_limit(issued)
    is_newest_choice = absent_or_at_most("withdrawn_at", latest) & absent_or_at_most("unsubscribed_at", latest)
    may_agree = _is_signed & is_newest_choice
    agreed = {"updates": True, "updates_at": iso(now), **({"updates_version": version} if version else {})}
    return tables.try_update(Change(key, assign=agreed, remove=["confirmed_with"], when=may_agree))


def add_obtainer_and_receipts(key: Key, added: Mapping[str, set[str]], tables: Tables) -> bool:
    """Idempotent. Return False if the signature is withdrawn or deleted, or has too many receipts."""
    is_live = _is_pending | Attr("state").eq(SignatureState.CONFIRMED)
    receipts = Attr("also_came_with")
    has_room = receipts.not_exists() | receipts.size().lt(MAX_FURTHER_RECEIPTS)
    return tables.try_update(Change(key, add=added, when=is_live & has_room))


def remove_receipt(key: Key, removed: str, stored: Signature, tables: Tables) -> None:
    """Remove one of several receipts of the signature, and what only this receipt brought: a consent, or a name.

    A name stays if no other is known. Raise ConditionFailed if the signature has changed.
    """
    changes = receipts_without(removed, stored)
    if stored.confirmed_with == removed:
        changes |= {**_typed_data(stored), "updates": False, "confirmed_with": None}
    elif stored.state is SignatureState.PENDING and removed == stored.receipt and OUR_FORM not in stored.all_receipts:
        changes["updates"] = False  # Who signed here too has ticked the box here too.
    is_unchanged = is_counted_as(stored) & has_receipts_of(stored) & has_same_submission(stored)
    is_unchanged &= is_still("confirmed_with", stored.confirmed_with)
    tables.update(change_to(key, stored, stored.model_copy(update=changes), is_unchanged))


def _typed_data(stored: Signature) -> dict[str, Any]:
    """Return what the person typed here, without another country (the tally counts the stored one) and its postcode."""
    if stored.typed is None:
        return {}
    has_same_country = stored.typed.country == stored.country
    return {"name": stored.typed.name, "postcode": stored.typed.postcode if has_same_country else None}


def receipts_without(removed: str, stored: Signature) -> dict[str, Any]:
    remaining = stored.all_receipts - {removed}
    # If OUR_FORM is first, `receipt` is absent; `also_came_with` has the others.
    first = stored.receipt or OUR_FORM
    if first not in remaining:  # Which of the others came next is not stored, so choose one.
        first = OUR_FORM if OUR_FORM in remaining else min(remaining)
    return {"receipt": None if first == OUR_FORM else first, "also_came_with": remaining - {first} or None}


def has_receipts_of(stored: Signature) -> Condition:
    return is_still("receipt", stored.receipt) & is_still("also_came_with", stored.also_came_with)


def is_counted_as(stored: Signature) -> Condition:
    counted_as = Attr("country").eq(stored.country) & Attr("source").eq(stored.source)
    counted_as &= is_still("counted_source", stored.counted_source) & is_still("by_partner", stored.by_partner)
    return Attr("state").eq(stored.state) & counted_as
