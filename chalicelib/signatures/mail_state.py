"""What a signature's mail is at: wanted ─claim─► claimed ─► mailed | refused; later perhaps undeliverable.

Claim, send, mark: SES has no idempotency token, so a crash between sending and marking costs one mail too
many, and no crash costs a mail. Queue messages come twice and late; the request's own time tells them apart.
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


def request_mail(key: Key, wanted: MailKind, now: datetime, tables: Tables) -> None:
    """Ask for one more mail. Raise ConditionFailed when there were enough, one is on its way, or the state has moved.

    Whoever is pending waits for it as long as for the first: the old date may come before a spent quota does again.
    """
    state = State.PENDING if wanted is MailKind.CONFIRM else State.CONFIRMED
    may_be_asked = Attr("mail_kind").not_exists() & Attr("state").eq(state) & may_have_more_mail()
    request: dict[str, Any] = {"mail_kind": wanted, "mail_requested_at": iso(now)}
    if state is State.PENDING:
        request["expires_at"] = int((now + UNMAILED_LIFETIME).timestamp())
    tables.update(Change(key, assign=request, when=may_be_asked))


def ask_again(key: Key, seen: Signature, now: datetime, tables: Tables) -> None:
    """One more of the mail that this signature gets now. Raise ConditionFailed as the two that it chooses from."""
    if seen.mail_kind:
        nudge_mail(key, now, tables)
    else:
        request_mail(key, MailKind.CONFIRM if seen.state is State.PENDING else MailKind.ALREADY_SIGNED, now, tables)


def nudge_mail(key: Key, now: datetime, tables: Tables) -> None:
    """Send a request on its way again that may have been lost there. Raise ConditionFailed if it is too young."""
    long_ago, nudged = iso(now - NUDGE_AFTER), Attr("mail_nudged_at")
    is_old = Attr("mail_requested_at").lte(long_ago) & (nudged.not_exists() | nudged.lte(long_ago))
    tables.update(Change(key, assign={"mail_nudged_at": iso(now)}, when=is_old))


def claim_mail(key: Key, requested_at: str, now: datetime, lease: timedelta, tables: Tables) -> Signature:
    """Take the request for as long as `lease`.

    Raise ConditionFailed if another holds it, it is a request no more, or the last mail is not a minute old.
    """
    at = int(now.timestamp())
    claimed = Attr("mail_claimed_until")
    item = tables.update_and_read(
        Change(
            key,
            assign={"mail_claimed_until": at + int(lease.total_seconds())},
            when=_is_requested(requested_at)
            & _is_time(now)
            & may_have_more_mail()
            & (claimed.not_exists() | claimed.lte(at)),
        )
    )
    return as_signature(item)


def requests_waiting(
    start: Key, since: datetime, now: datetime, most: int, tables: Tables
) -> tuple[list[Item], str | None]:
    """Of the next `most` signatures after `start`: requests last queued before `since` that nobody is at, and where
    to go on. Eventually consistent, and nothing of a person is read.
    """
    wanted, queued, claimed = (Attr(f"mail_{name}") for name in ("requested_at", "queued_at", "claimed_until"))
    forgotten = wanted.lte(iso(since)) & (queued.not_exists() | queued.lte(iso(since)))
    idle = claimed.not_exists() | claimed.lte(int(now.timestamp()))
    has_hope = Attr("undeliverable").not_exists() & Attr("mails").lt(MAX_MAILS)
    return tables.page(start, ("pk", "sk", "mail_kind", "mail_requested_at"), forgotten & idle & has_hope, most)


def mark_queued(key: Key, requested_at: str, now: datetime, tables: Tables) -> None:
    """It is on its way again, as of now."""
    _settle(Change(key, assign={"mail_queued_at": iso(now)}, when=_is_requested(requested_at)), tables)


def is_still_requested(requested_at: str, item: Mapping[str, Any] | None) -> bool:
    """Of the item a failed claim brought along: to be tried again (True), or settled or without hope (False)."""
    if item is None or item.get("mail_requested_at") != requested_at:
        return False
    return item["mails"] < MAX_MAILS and "undeliverable" not in item


def release_claim(key: Key, requested_at: str, tables: Tables) -> None:
    """The mail was not sent: the next attempt need not wait until the claim runs out."""
    _settle(
        Change(key, remove=("mail_claimed_until",), when=_is_requested(requested_at)),
        tables,
    )


def mark_mailed(key: Key, requested_at: str, now: datetime, expires: datetime, tables: Tables) -> None:
    """The request is fulfilled. Only what is still pending gets a new date to expire: nothing confirmed ever does."""
    mailed = {"mailed_at": iso(now)}
    expiring = {**mailed, "expires_at": int(expires.timestamp())}
    is_pending = Attr("state").eq(State.PENDING)
    # The signature may have moved on while its mail was on the way; the mail counts all the same.
    for assign, remove, when in (
        (expiring, MAIL_REQUEST, _is_requested(requested_at) & is_pending),
        (mailed, MAIL_REQUEST, _is_requested(requested_at)),
        (mailed, (), Attr("state").exists() & Attr("mailed_at").ne(iso(now))),
    ):
        if tables.try_update(Change(key, assign=assign, add={"mails": 1}, remove=remove, when=when)):
            return


def drop_request(key: Key, requested_at: str, tables: Tables) -> None:
    """It would come too late to be of use."""
    _settle(Change(key, remove=MAIL_REQUEST, when=_is_requested(requested_at)), tables)


def mark_refused(key: Key, requested_at: str, reason: str, tables: Tables) -> None:
    """SES will never take it: recorded, and wanted no more."""
    _settle(
        Change(
            key,
            assign={"undeliverable": reason},
            remove=MAIL_REQUEST,
            when=_is_requested(requested_at),
        ),
        tables,
    )


def mark_undeliverable(key: Key, reason: str, tables: Tables) -> None:
    """A hard bounce or a complaint: no mail goes there again. Idempotent, in any order, late or twice."""
    _settle(
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


def _is_time(now: datetime) -> Condition:
    mailed_at = Attr("mailed_at")
    return mailed_at.not_exists() | mailed_at.lte(iso(now - MAIL_PAUSE))


def _settle(change: Change, tables: Tables) -> None:
    """Apply the change unless the item has moved on; then nothing is left to do."""
    tables.try_update(change)
