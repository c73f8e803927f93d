"""Request a signature's email, and record whether it was sent or is undeliverable. mail/state.py explains other states.

A mail request is stored in the signature. Then the relay puts a message into the mail queue. To nudge a request is to
have the relay send another message, because the first message is perhaps lost.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from chalicelib.aws.table import Attr, Change, Condition, Tables, absent_or_at_most
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.keys import Key
from chalicelib.core.times import iso
from chalicelib.signatures.model import (
    MAIL_REQUEST_FIELDS,
    NUDGE_AFTER,
    UNAWAITED,
    UNMAILED_LIFETIME,
    MailKind,
    Signature,
    SignatureState,
)

NO_CHANGES: Mapping[str, str] = {}


def may_have_more_mail(max_emails: int | None = None) -> Condition:
    """The address is not undeliverable, and got fewer than `max_emails` emails. Every item has `mails`, from 0 on."""
    is_deliverable = Attr("undeliverable").not_exists()
    if max_emails is None:
        return is_deliverable
    return is_deliverable & Attr("mails").lt(max_emails)


def request_mail(key: Key, kind: MailKind, now: datetime, tables: Tables, also: Mapping[str, str] = NO_CHANGES) -> None:
    """Request one more email. `kind`: CONFIRM for a pending signature, ALREADY_SIGNED for a confirmed or held one.

    `also`: further attributes of the request. Raise ConditionFailed if the address is undeliverable, an email is
    already requested, or the state does not fit. A pending signature gets a new expiry date.
    """
    request: dict[str, Any] = {"mail_kind": kind, "mail_requested_at": iso(now), **also}
    fits: Condition = Attr("state").eq(SignatureState.CONFIRMED) | Attr("state").eq(SignatureState.HELD)
    if kind is MailKind.CONFIRM:
        fits = Attr("state").eq(SignatureState.PENDING)
        request["expires_at"] = int((now + UNMAILED_LIFETIME).timestamp())
    may_be_requested = Attr("mail_kind").not_exists() & fits & may_have_more_mail()
    tables.update(Change(key, assign=request, when=may_be_requested))


def request_reminder(key: Key, mailed_before: datetime, now: datetime, tables: Tables) -> bool:
    """Request the person's only reminder. Return False if they may have none (any more).

    The signature keeps its expiry date: if the reminder waits longer, it is dropped.
    """
    is_waiting = Attr("state").eq(SignatureState.PENDING) & Attr("expires_at").gt(int(now.timestamp()))
    has_time_passed = Attr("mailed_at").lte(iso(mailed_before)) & Attr("mail_kind").not_exists()
    is_first = Attr("reminded_at").not_exists() & Attr("held").not_exists()
    request = {"mail_kind": MailKind.REMINDER, "mail_requested_at": iso(now), "reminded_at": iso(now)}
    when = is_waiting & has_time_passed & is_first & may_have_more_mail()
    return tables.try_update(Change(key, assign=request, when=when))


def request_or_nudge_mail(
    key: Key, stored: Signature, now: datetime, tables: Tables, network: str | None = None, *, ends_hold: bool = False
) -> None:
    """Request the email that fits the signature's state, or nudge the request that is open.

    `network`: the hash of the network from which the person signs again. It is stored only for the signature's first
    email, and if this ends a hold: a network's limit counts no others. Raise ConditionFailed as `request_mail` and
    `nudge_mail` do.
    """
    changes = {"mail_network": network} if network and (stored.mails == 0 or ends_hold) else {}
    if stored.mail_kind:
        if not stored.mail_kind.is_awaited:
            changes["mail_kind"] = MailKind.CONFIRM  # It waits behind others. Now the person waits.
        nudge_mail(key, now, tables, changes, at_once=ends_hold)
    else:
        kind = MailKind.CONFIRM if stored.state is SignatureState.PENDING else MailKind.ALREADY_SIGNED
        request_mail(key, kind, now, tables, changes)


def hurry_mail(key: Key, stored: Signature, now: datetime, tables: Tables) -> None:
    """Let an email that nobody waited for no longer wait behind others, because now the person waits for it."""
    if stored.mail_kind is None or stored.mail_kind.is_awaited:
        return
    with suppress(ConditionFailed):  # Meanwhile, the email was sent or is no longer requested.
        nudge_mail(key, now, tables, {"mail_kind": MailKind.CONFIRM})


def nudge_mail(key: Key, now: datetime, tables: Tables, changes: Mapping[str, str], *, at_once: bool = False) -> None:
    """Nudge an open mail request. Raise ConditionFailed if the request, or its last nudge, is too recent (not
    `at_once`).

    `changes`: new attributes of the request, such as `mail_network`. Perhaps a stranger typed the address first: the
    owner, in another network, need not wait for the limit on the stranger's.
    """
    long_ago = iso(now - NUDGE_AFTER)
    may_be_nudged: Condition = Attr("mail_requested_at").lte(long_ago) & absent_or_at_most("mail_nudged_at", long_ago)
    if "mail_kind" in changes:  # To CONFIRM: now the person waits, so nudge a recent request too.
        for kind in UNAWAITED:
            may_be_nudged |= Attr("mail_kind").eq(kind)
    if at_once:
        may_be_nudged = Attr("mail_kind").exists()
    tables.update(Change(key, assign={"mail_nudged_at": iso(now), **changes}, when=may_be_nudged))


def mark_mailed(key: Key, requested_at: str, now: datetime, expires: datetime, tables: Tables) -> None:
    """Record that the email was sent. `requested_at` identifies the request: a newer one stays.

    Only a pending signature gets the expiry date `expires`.
    """
    mailed = {"mailed_at": iso(now)}
    expiring = {**mailed, "expires_at": int(expires.timestamp())}
    is_requested = Attr("mail_requested_at").eq(requested_at)
    is_pending = Attr("state").eq(SignatureState.PENDING)
    # After a lost response we write again: do not count the email twice, nor store an item that TTL has deleted.
    is_not_counted = Attr("state").exists() & Attr("mailed_at").ne(iso(now))
    # Try these changes in turn, because the signature may have changed while the email was sent.
    for assign, remove, when in (
        (expiring, MAIL_REQUEST_FIELDS, is_requested & is_pending),
        (mailed, MAIL_REQUEST_FIELDS, is_requested),
        (mailed, (), is_not_counted),  # This request is gone. Only count the email.
    ):
        if tables.try_update(Change(key, assign=assign, add={"mails": 1}, remove=remove, when=when)):
            return


def mark_undeliverable(key: Key, reason: str, tables: Tables) -> None:
    """Record a hard bounce or a complaint, the last one's `reason`: this signature gets no more email. Idempotent.

    Do nothing if the signature has no address any more.
    """
    stopped = {"undeliverable": reason, "updates": False}
    tables.try_update(Change(key, assign=stopped, remove=MAIL_REQUEST_FIELDS, when=Attr("email").exists()))
