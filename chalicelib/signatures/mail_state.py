"""Request a signature's email, and record whether it was sent. mail/state.py explains the states in between."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.aws.table import Attr, Change, Condition, Tables, absent_or_at_most
from chalicelib.core.keys import Key
from chalicelib.core.times import iso
from chalicelib.signatures.model import (
    MAIL_REQUEST,
    NUDGE_AFTER,
    UNMAILED_LIFETIME,
    MailKind,
    Signature,
    SignatureState,
)

NO_OFFER: Mapping[str, Any] = {}


def may_have_more_mail(most: int | None = None) -> Condition:
    """Return the condition: not undeliverable, and fewer than `most` emails (None: any number)."""
    is_deliverable = Attr("undeliverable").not_exists()
    return is_deliverable if most is None else is_deliverable & Attr("mails").lt(most)


def request_mail(key: Key, kind: MailKind, now: datetime, tables: Tables, offer: Mapping[str, Any] = NO_OFFER) -> None:
    """Request one more email, and store the letter that it offers.

    Raise ConditionFailed if the address is undeliverable, an email is already requested, or the state has changed. A
    pending signature gets a new expiry date: the old one may come before SES's quota or a limit allows the next email.
    """
    state = SignatureState.PENDING if kind is MailKind.CONFIRM else SignatureState.CONFIRMED
    may_be_requested = Attr("mail_kind").not_exists() & Attr("state").eq(state) & may_have_more_mail()
    request: dict[str, Any] = {"mail_kind": kind, "mail_requested_at": iso(now), **offer}
    if state is SignatureState.PENDING:
        request["expires_at"] = int((now + UNMAILED_LIFETIME).timestamp())
    tables.update(Change(key, assign=request, when=may_be_requested))


def request_or_nudge_mail(
    key: Key,
    stored: Signature,
    now: datetime,
    tables: Tables,
    network: str | None = None,
    letter: Mapping[str, Any] | None = None,
) -> None:
    """Request the email that fits the signature's state, or nudge the open request. Raise ConditionFailed.

    `network`: the hash of the network from which the person signs again. `letter`: the letter that they typed. If the
    signature is confirmed without a letter, the email offers this one, because anybody can type the address.
    """
    may_offer = stored.state is SignatureState.CONFIRMED and stored.letter is None
    offer = {"letter_asked": {**letter, "asked_at": iso(now)}} if letter and may_offer else NO_OFFER
    if stored.mail_kind:
        nudge_mail(key, now, tables, network, offer)
    else:
        kind = MailKind.CONFIRM if stored.state is SignatureState.PENDING else MailKind.ALREADY_SIGNED
        request_mail(key, kind, now, tables, offer)


def nudge_mail(
    key: Key, now: datetime, tables: Tables, network: str | None = None, offer: Mapping[str, Any] = NO_OFFER
) -> None:
    """Queue an old request again, because its message may be lost. Raise ConditionFailed if it is too recent.

    Replace the request's network by `network`, if given: a stranger may have typed the address from a flooded network,
    whose turn comes late. Store the first `offer` even if the request is recent: its email has not been sent.
    """
    long_ago = iso(now - NUDGE_AFTER)
    may_be_nudged = Attr("mail_requested_at").lte(long_ago) & absent_or_at_most("mail_nudged_at", long_ago)
    if offer:
        is_first = Attr("mail_kind").exists() & Attr("letter_asked").not_exists()
        may_be_nudged = (may_be_nudged | is_first) & Attr("state").eq(SignatureState.CONFIRMED)
    new_network = {"mail_network": network} if network else {}
    tables.update(Change(key, assign={"mail_nudged_at": iso(now), **new_network, **offer}, when=may_be_nudged))


def mark_mailed(key: Key, requested_at: str, now: datetime, expires: datetime, tables: Tables) -> None:
    """Record that the email was sent. Only a signature that is still pending gets the new expiry date."""
    mailed = {"mailed_at": iso(now)}
    expiring = {**mailed, "expires_at": int(expires.timestamp())}
    is_pending = Attr("state").eq(SignatureState.PENDING)
    # The signature may have changed while the email was sent; count the email in any case.
    for assign, remove, when in (
        (expiring, MAIL_REQUEST, _is_requested(requested_at) & is_pending),
        (mailed, MAIL_REQUEST, _is_requested(requested_at)),
        (mailed, (), Attr("state").exists() & Attr("mailed_at").ne(iso(now))),
    ):
        if tables.try_update(Change(key, assign=assign, add={"mails": 1}, remove=remove, when=when)):
            return


def mark_undeliverable(key: Key, reason: str, tables: Tables) -> None:
    """Record a hard bounce or a complaint: stop all email to this address. Idempotent; events may come in any order."""
    stopped = {"undeliverable": reason, "updates": False}
    tables.try_update(Change(key, assign=stopped, remove=MAIL_REQUEST, when=Attr("email").exists()))


def _is_requested(requested_at: str) -> Condition:
    return Attr("mail_requested_at").eq(requested_at)
