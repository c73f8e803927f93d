"""Store signatures in their table. Every write has a condition."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
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
    ERASED_LIFETIME,
    MAIL_REQUEST,
    MOST_CAME_WITH,
    OUR_FORM,
    PERSONAL,
    WITHDRAWN_LIFETIME,
    MailKind,
    Signature,
    SignatureState,
    latest_withdrawal,
)

_is_pending = Attr("state").eq(SignatureState.PENDING)


def add(key: Key, signature: Signature, tables: Tables) -> None:
    """Store a new signature with one conditional put: the hot path. Raise ConditionFailed with the existing item."""
    tables.put_new(NewItem(key, _item(signature)))


def find(key: Key, tables: Tables) -> Signature | None:
    item = tables.get(key, consistent=True)
    return as_signature(item) if item else None


def find_each(signature_keys: Sequence[Key], tables: Tables) -> dict[Key, Signature]:
    """Return the signatures that exist."""
    found = tables.batch_get(signature_keys, consistent=True)
    return {Key(keys.SIGNATURES, item["pk"], item["sk"]): as_signature(item) for item in found}


def as_signature(item: Mapping[str, Any]) -> Signature:
    return Signature.model_validate(item)


def renew(key: Key, signature: Signature, now: datetime, tables: Tables) -> None:
    """Replace a withdrawn or expired signature; raise ConditionFailed if it is neither.

    The number of emails stays. If the address is undeliverable, the signature is stored without a mail request.
    """
    expired = _is_pending & Attr("expires_at").lte(int(now.timestamp()))
    is_over = Attr("state").eq(SignatureState.WITHDRAWN) | expired
    try:
        tables.update(_renewal(key, signature, is_over & may_have_more_mail()))
    except ConditionFailed:
        unmailed = signature.model_copy(update={"mail_kind": None, "mail_requested_at": None})
        tables.update(_renewal(key, unmailed, is_over))


def _renewal(key: Key, signature: Signature, when: Condition) -> Change:
    fresh = {name: value for name, value in _item(signature).items() if name != "mails"}
    # `withdrawn_at` stays: a running export needs to know who withdrew after it started and signed again.
    stale = ("erased_at", "taken_back_at", *PERSONAL, *MAIL_REQUEST)
    return Change(key, assign=fresh, remove=[name for name in stale if name not in fresh], when=when)


def confirmation(
    subject: Subject,
    corrections: Mapping[str, Any],
    counted_source: str,
    now: datetime,
    *,
    receipt: bool = False,
    issued: datetime | None = None,
) -> Change:
    """Return the change from pending to confirmed, on condition that country and source are still the link's.

    `issued`: when its link was issued; a later withdrawal ends the link. `receipt`: also request the email with the
    receipt, without a further write. With `letter_asked` in `corrections`, request the email that offers this letter.
    """
    corrected = {name: value for name, value in corrections.items() if value is not None}
    emptied = [name for name, value in corrections.items() if value is None]
    kind = MailKind.RECEIPT if receipt else MailKind.ALREADY_SIGNED if corrected.get("letter_asked") else None
    request = {"mail_kind": kind, "mail_requested_at": iso(now)} if kind else {}
    counted = {} if counted_source == subject.source else {"counted_source": counted_source}
    is_linked = _is_pending & Attr("country").eq(subject.country) & Attr("source").eq(subject.source)
    return Change(
        subject.key,
        assign={"state": SignatureState.CONFIRMED, "confirmed_at": iso(now), **corrected, **counted, **request},
        remove=("expires_at", *(name for name in MAIL_REQUEST if name not in request), *emptied),
        when=is_linked & absent_or_at_most("withdrawn_at", latest_withdrawal(issued)) if issued else is_linked,
    )


def answer_offer(key: Key, letter: Mapping[str, Any] | None, tables: Tables) -> None:
    """Add the `letter` that was offered to a confirmed signature, or drop the offer (None). Idempotent."""
    is_offered = Attr("letter_asked").exists() & Attr("letter").not_exists()
    assign = {"letter": letter} if letter else {}
    when = is_offered & Attr("state").eq(SignatureState.CONFIRMED)
    tables.try_update(Change(key, assign=assign, remove=["letter_asked"], when=when))


def withdrawal(key: Key, stored: Signature, now: datetime) -> Change:
    """Return the change that removes personal data, if state, country and source are still as in `stored`.

    The tally subtracts those values.
    """
    expires = int((now + WITHDRAWN_LIFETIME).timestamp())
    return Change(
        key,
        assign={"state": SignatureState.WITHDRAWN, "withdrawn_at": exact(now), "updates": False, "expires_at": expires},
        remove=(*PERSONAL, *MAIL_REQUEST, "confirmed_at"),
        when=_is_unchanged(stored),
    )


def _is_unchanged(stored: Signature) -> Condition:
    """Return the condition that the state and what the tally counted are still as in `stored`."""
    counted_as = Attr("country").eq(stored.country) & Attr("source").eq(stored.source)
    return Attr("state").eq(stored.state) & counted_as & is_still("by_partner", stored.by_partner)


def withdrawal_by_undo(key: Key, stored: Signature, now: datetime) -> Change:
    """Return the withdrawal of a signature whose import staff undo, if nobody else has obtained it since."""
    change = withdrawal(key, stored, now)
    return replace(
        change, assign={**change.assign, "taken_back_at": iso(now)}, when=_is_unchanged(stored) & _receipts_are(stored)
    )


def forget_undo(key: Key, tables: Tables) -> None:
    """Forget that an undone import withdrew the signature: now the person withdraws too. Idempotent."""
    is_withdrawn = Attr("state").eq(SignatureState.WITHDRAWN)
    tables.try_update(Change(key, remove=["taken_back_at"], when=is_withdrawn))


def empty(key: Key, now: datetime, tables: Tables) -> None:
    """Remove from a withdrawn item what was signed and when. Attributes that limit email to the address stay.

    If it was emptied before, its times become `now`. Raise ConditionFailed, with the item, if it is not withdrawn.
    """
    removed = (*PERSONAL, *MAIL_REQUEST, "confirmed_at", "taken_back_at")
    tables.update(
        Change(key, assign=_empty_attributes(now), remove=removed, when=Attr("state").eq(SignatureState.WITHDRAWN))
    )


def mark_erased(key: Key, now: datetime, tables: Tables) -> None:
    """Store an empty item where there is no signature. Raise ConditionFailed if there is one."""
    mark = {"state": SignatureState.WITHDRAWN, "channel": "", "mails": 0, **_empty_attributes(now)}
    tables.update(Change(key, assign=mark, when=Attr("state").not_exists()))


def _empty_attributes(now: datetime) -> dict[str, Any]:
    """Return the attributes of an erased signature, which has no data of its person."""
    return {
        "signed_at": iso(now),
        "withdrawn_at": exact(now),
        "erased_at": exact(now),
        **dict.fromkeys(("obtained_by", "text_version", "consent_version"), ""),
        "updates": False,
        "expires_at": int((now + ERASED_LIFETIME).timestamp()),
    }


def add_origin(key: Key, further: Mapping[str, set[str]], tables: Tables) -> bool:
    """Add a further origin, if the signature is still pending or confirmed. Idempotent. Return whether it is added."""
    is_live = _is_pending | Attr("state").eq(SignatureState.CONFIRMED)
    has_room = Attr("also_came_with").not_exists() | Attr("also_came_with").size().lt(MOST_CAME_WITH)
    return tables.try_update(Change(key, add=further, when=is_live & has_room))


def remove_receipt(key: Key, receipt: str, stored: Signature, tables: Tables) -> None:
    """Remove one of several receipts that the signature came with. Raise ConditionFailed if they changed."""
    others = sorted(stored.all_receipts - {receipt})
    first = stored.receipt if stored.receipt and stored.receipt != receipt else others[0]
    main = None if OUR_FORM in others else first
    fields = {"receipt": main, "also_came_with": set(others) - {main or OUR_FORM} or None}
    assign = {name: value for name, value in fields.items() if value is not None}
    remove = [name for name in fields if name not in assign]
    tables.update(Change(key, assign=assign, remove=remove, when=_receipts_are(stored)))


def _receipts_are(stored: Signature) -> Condition:
    return is_still("receipt", stored.receipt) & is_still("also_came_with", stored.also_came_with)


def stop_updates(key: Key, tables: Tables) -> None:
    """Stop updates to this person. Raise ConditionFailed if the signature does not exist."""
    tables.update(Change(key, assign={"updates": False}, when=Attr("state").exists()))


def _item(signature: Signature) -> dict[str, Any]:
    return signature.model_dump(exclude_none=True)
