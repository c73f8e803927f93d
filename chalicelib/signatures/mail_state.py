"""The state of a signature's email: requested ─claim─► claimed ─► mailed | refused; later perhaps undeliverable.

The sender claims, sends, then marks. SES has no idempotency token, so a crash between sending and marking sends the
email twice, and no crash loses it. Queue messages may repeat or be late; `requested_at` identifies the request.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from chalicelib.aws.table import Attr, Change, Condition, Item, Tables
from chalicelib.core.keys import Key
from chalicelib.core.times import iso
from chalicelib.signatures.model import (
    MAIL_PAUSE,
    MAIL_REQUEST,
    MAX_MAILS,
    NUDGE_AFTER,
    UNMAILED_LIFETIME,
    MailKind,
    Signature,
    State,
)
from chalicelib.signatures.store import as_signature, may_have_more_mail


def request_mail(key: Key, kind: MailKind, now: datetime, tables: Tables) -> None:
    """Request one more email.

    Raise ConditionFailed if the limit is reached, an email is already requested, or the state has changed. A pending
    signature gets a new expiry date, because the old one may come before SES's quota allows the next email.
    """
    state = State.PENDING if kind is MailKind.CONFIRM else State.CONFIRMED
    may_be_asked = Attr("mail_kind").not_exists() & Attr("state").eq(state) & may_have_more_mail()
    request: dict[str, Any] = {"mail_kind": kind, "mail_requested_at": iso(now)}
    if state is State.PENDING:
        request["expires_at"] = int((now + UNMAILED_LIFETIME).timestamp())
    tables.update(Change(key, assign=request, when=may_be_asked))


def ask_again(key: Key, seen: Signature, now: datetime, tables: Tables) -> None:
    """Request the email that fits the signature's state, or nudge the open request. Raise ConditionFailed."""
    if seen.mail_kind:
        nudge_mail(key, now, tables)
    else:
        request_mail(key, MailKind.CONFIRM if seen.state is State.PENDING else MailKind.ALREADY_SIGNED, now, tables)


def nudge_mail(key: Key, now: datetime, tables: Tables) -> None:
    """Queue an old request again, because its message may be lost. Raise ConditionFailed if it is too recent."""
    long_ago, nudged = iso(now - NUDGE_AFTER), Attr("mail_nudged_at")
    is_old = Attr("mail_requested_at").lte(long_ago) & (nudged.not_exists() | nudged.lte(long_ago))
    tables.update(Change(key, assign={"mail_nudged_at": iso(now)}, when=is_old))


def claim_mail(key: Key, requested_at: str, now: datetime, lease: timedelta, tables: Tables) -> Signature:
    """Claim the request for `lease` and return the signature.

    Raise ConditionFailed if it is already claimed, no longer requested, over the limit or undeliverable, or if the
    last email was sent less than MAIL_PAUSE ago.
    """
    at = int(now.timestamp())
    claimed = Attr("mail_claimed_until")
    item = tables.update_and_read(
        Change(
            key,
            assign={"mail_claimed_until": at + int(lease.total_seconds())},
            when=_is_requested(requested_at)
            & _pause_is_over(now)
            & may_have_more_mail()
            & (claimed.not_exists() | claimed.lte(at)),
        )
    )
    return as_signature(item)


def requests_waiting(
    start: Key, since: datetime, now: datetime, most: int, tables: Tables
) -> tuple[list[Item], str | None]:
    """Return unclaimed requests last queued before `since`, from the next `most` signatures, and where to continue.

    Eventually consistent. Reads no personal data.
    """
    requested, queued, claimed = (Attr(f"mail_{name}") for name in ("requested_at", "queued_at", "claimed_until"))
    is_old = requested.lte(iso(since)) & (queued.not_exists() | queued.lte(iso(since)))
    is_free = claimed.not_exists() | claimed.lte(int(now.timestamp()))
    condition = is_old & is_free & may_have_more_mail()
    return tables.page(start, ("pk", "sk", "mail_kind", "mail_requested_at"), condition, most)


def mark_queued(key: Key, requested_at: str, now: datetime, tables: Tables) -> None:
    """Record that the request was queued again now."""
    _apply_unless_stale(Change(key, assign={"mail_queued_at": iso(now)}, when=_is_requested(requested_at)), tables)


def is_still_requested(requested_at: str, item: Mapping[str, Any] | None) -> bool:
    """Return whether to try again after a failed claim; `item` is the item that the failure returned."""
    if item is None or item.get("mail_requested_at") != requested_at:
        return False
    return item["mails"] < MAX_MAILS and "undeliverable" not in item


def release_claim(key: Key, requested_at: str, tables: Tables) -> None:
    """Release the claim of an email that was not sent, so that the next attempt need not wait for it to expire."""
    _apply_unless_stale(
        Change(key, remove=("mail_claimed_until",), when=_is_requested(requested_at)),
        tables,
    )


def mark_mailed(key: Key, requested_at: str, now: datetime, expires: datetime, tables: Tables) -> None:
    """Record that the email was sent. Set the expiry date only if it is still pending: confirmed ones never expire."""
    mailed = {"mailed_at": iso(now)}
    expiring = {**mailed, "expires_at": int(expires.timestamp())}
    is_pending = Attr("state").eq(State.PENDING)
    # The signature may have changed while the email was sent; count the email in any case.
    for assign, remove, when in (
        (expiring, MAIL_REQUEST, _is_requested(requested_at) & is_pending),
        (mailed, MAIL_REQUEST, _is_requested(requested_at)),
        (mailed, (), Attr("state").exists() & Attr("mailed_at").ne(iso(now))),
    ):
        if tables.try_update(Change(key, assign=assign, add={"mails": 1}, remove=remove, when=when)):
            return


def drop_request(key: Key, requested_at: str, tables: Tables) -> None:
    """Drop a request whose email would arrive too late to be useful."""
    _apply_unless_stale(Change(key, remove=MAIL_REQUEST, when=_is_requested(requested_at)), tables)


def mark_refused(key: Key, requested_at: str, reason: str, tables: Tables) -> None:
    """Record that SES will never accept this email, and drop the request."""
    _apply_unless_stale(
        Change(
            key,
            assign={"undeliverable": reason},
            remove=MAIL_REQUEST,
            when=_is_requested(requested_at),
        ),
        tables,
    )


def mark_undeliverable(key: Key, reason: str, tables: Tables) -> None:
    """Record a hard bounce or a complaint: stop all email to this address. Idempotent; events may come in any order."""
    _apply_unless_stale(
        Change(
            key,
            assign={"undeliverable": reason, "updates": False},
            remove=MAIL_REQUEST,
            when=Attr("email").exists(),
        ),
        tables,
    )


def _is_requested(requested_at: str) -> Condition:
    return Attr("mail_requested_at").eq(requested_at)


def _pause_is_over(now: datetime) -> Condition:
    mailed_at = Attr("mailed_at")
    return mailed_at.not_exists() | mailed_at.lte(iso(now - MAIL_PAUSE))


def _apply_unless_stale(change: Change, tables: Tables) -> None:
    """Apply the change. If its condition fails, the item has changed since and there is nothing to do."""
    tables.try_update(change)
