"""A signature as it is stored, and its lifecycle.

(absent) ──sign──► pending ──confirm──► confirmed
                      │                     │
                      └──────withdraw───────┴──► withdrawn ──sign──► pending
A pending signature with `held` becomes held instead, and confirmed only when staff release it. Staff remove signatures
that are not genuine, in any of these states, and may undo that. Held and removed ones do not count; their owners see
what they would see otherwise, and may withdraw.
Erasing a signature withdraws it and empties its item. DynamoDB's TTL deletes pending and withdrawn items at
`expires_at`. Confirmed items have no `expires_at`. A partner is an organisation that collects signatures elsewhere and
sends them to us. A partner's receipt is our record of one signature that the partner sent (partners.model).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import PlainSerializer

from chalicelib.core import keys
from chalicelib.core.keys import Key
from chalicelib.core.models import FrozenModel
from chalicelib.core.times import AnyMoment, ExactMoment, Moment, exact, iso
from chalicelib.signatures.letter import AskedLetter, SignedLetter

# How long a signature waits for its email. SES may need weeks to send all emails of a spike.
UNMAILED_LIFETIME = timedelta(days=60)
# A withdrawn item has no personal data. We keep the item because it records whether the address is undeliverable.
WITHDRAWN_LIFETIME = timedelta(days=90)
# An erased item must outlive every message in the overflow queue, which would store the signature again. SQS keeps one
# 14 days, and 14 more after each redrive; `sign_from_queue` ignores those older than UNMAILED_LIFETIME.
ERASED_LIFETIME = UNMAILED_LIFETIME + timedelta(days=1)

# The shortest time between two emails of one signature. mail/budget.py limits all emails to one address.
MIN_MAIL_INTERVAL = timedelta(minutes=1)
# The queue message of an older request is perhaps lost: signing again sends another.
NUDGE_AFTER = timedelta(minutes=10)

# In a list of receipts, this entry means that the person signed on our own form or API, without a receipt.
OUR_FORM = "form"
# Without this limit, a partner could fill the item by sending the same person under more and more identifiers.
MAX_FURTHER_RECEIPTS = 50

# Withdrawing removes these, but the undo of an import keeps `unsubscribed_at`.
PERSONAL_FIELDS = (
    "name", "email", "country", "postcode", "source", "counted_source", "language",
    "by_partner", "receipt", "also_obtained_by", "also_came_with", "letter", "letter_asked", "unsubscribed_at",
    "submitted_at", "typed", "counts_with", "confirmed_with", "owner_confirmed_at", "pending_again_at",
    "updates_at", "updates_version", "held", "network", "removal", "removed_from", "moving", "moved_at", "moved_to",
    "changed_at",
)  # fmt: skip
MAIL_REQUEST_FIELDS = (
    "mail_kind", "mail_requested_at", "mail_nudged_at", "mail_claimed_until", "mail_queued_at",
    "mail_due_at", "mail_network", "mail_began_at",
)  # fmt: skip


# What the tally, the breakdowns, the recount and the state need, after the petition's retention has ended too.
_KEPT_FIELDS = {
    *("country", "source", "counted_source", "by_partner", "pending_again_at", "owner_confirmed_at"),
    *("held", "removal", "removed_from"),
}
# What the end of the retention removes (chalicelib/retention).
EMPTIED_FIELDS = ("updates", *(name for name in (*PERSONAL_FIELDS, *MAIL_REQUEST_FIELDS) if name not in _KEPT_FIELDS))


class SignatureState(StrEnum):
    PENDING = "pending"
    CONFIRMED = "confirmed"
    HELD = "held"
    REMOVED = "removed"
    WITHDRAWN = "withdrawn"


class HeldReason(StrEnum):
    """Why a signature is held: it looks wrong, and does not count until staff release it."""

    DISPOSABLE = "disposable"  # Its address is at a domain that gives anybody an address for minutes.
    NETWORK = "network"  # Its network, or the domain of its address, signs at an unusual rate.
    DOMAIN = "domain"
    NO_PROOF = "no-proof"  # Staff ask everybody for a proof of work, and it came without.


class MailKind(StrEnum):
    """Which email a signature waits for. RECEIPT is an email that says that the signature is confirmed."""

    CONFIRM = "confirm"
    CONFIRM_IMPORTED = "confirm-imported"  # The same email. Nobody waits for it: an import obtained the signature.
    ALREADY_SIGNED = "already-signed"  # May also offer a letter (`Signature.letter_asked`).
    RECEIPT = "receipt"
    REMINDER = "reminder"  # To confirm: one for each person, if staff switch reminders on (chalicelib/reminders).

    @property
    def is_awaited(self) -> bool:
        """Whether the person waits for it: they have just signed, or pressed a button."""
        return self not in UNAWAITED


UNAWAITED = (MailKind.CONFIRM_IMPORTED, MailKind.REMINDER)


# The functions that issue a link and record a withdrawal have different clocks: a link may seem older than it is.
CLOCK_SKEW = timedelta(minutes=1)


def _epoch_seconds(moment: datetime) -> int:
    return int(moment.timestamp())


EpochSeconds = Annotated[AnyMoment, PlainSerializer(_epoch_seconds, return_type=int)]


class Typed(FrozenModel):
    """What the person typed here, if a partner's data replaced it or came first."""

    name: str | None = None
    country: str | None = None
    postcode: str | None = None
    updates: bool = False


class Moving(FrozenModel):
    """The owner wants to use this address from now on. The owner of that mailbox must confirm it before `until`."""

    to: str
    until: Moment


class Signature(FrozenModel):
    """The stored item. After a withdrawal by the person, the PERSONAL_FIELDS are None.

    The tally counts a confirmed signature under its `country`, and under its `counted_source`, or else its `source`.
    """

    state: SignatureState
    signed_at: Moment
    name: str | None = None
    email: str | None = None
    country: str | None = None
    postcode: str | None = None
    source: str | None = None
    # None: the main language of the petition.
    language: str | None = None
    updates: bool = False
    # When the person stopped updates. A partner's earlier consent to updates then no longer holds.
    unsubscribed_at: ExactMoment | None = None
    letter: SignedLetter | None = None
    # Perhaps a stranger typed it: our email or the confirm page asks the owner of the mailbox whether to send it.
    letter_asked: AskedLetter | None = None
    # Why it is held, if it is. Stays when its owner confirms it; removed when staff release it.
    held: HeldReason | None = None
    # The hash of the client's network on that day (signatures.network).
    network: str | None = None
    # When staff last removed it, the id of this removal, and the state before. `removed_at` stays if it is put back.
    removed_at: Moment | None = None
    removal: str | None = None
    removed_from: SignatureState | None = None
    # When somebody last signed here again while it was pending, with other data (signatures.sign).
    submitted_at: ExactMoment | None = None
    # The signature's origin (`Origin` in signatures.sign), and the versions of what the person signed and agreed to.
    obtained_by: str
    channel: str
    text_version: str
    consent_version: str
    # The partner's receipt with which the signature came first. None: the person signed on our own form or API.
    receipt: str | None = None
    # Who obtained it again later. `obtained_by` is the first of all.
    also_obtained_by: set[str] | None = None
    # The receipts of partners that sent the signature again, and OUR_FORM if the person signed here later.
    also_came_with: set[str] | None = None
    confirmed_at: Moment | None = None
    withdrawn_at: ExactMoment | None = None
    erased_at: ExactMoment | None = None
    # When the undo of an import withdrew the signature: the person did not withdraw. Stays if the person signs again.
    taken_back_at: Moment | None = None
    # When its EMPTIED_FIELDS were removed, because the petition's retention had ended. It counts as before.
    emptied_at: Moment | None = None
    # The address to which the owner wants to move all their signatures. Only one of these has it.
    moving: Moving | None = None
    # When it was moved from, or to, another address (signatures.owner). `moved_to`: the id that it then got.
    moved_at: ExactMoment | None = None
    moved_to: str | None = None
    # When its owner last corrected it or its address, or staff released it or put it back.
    changed_at: ExactMoment | None = None
    # When `manage.py restore` restored the signature from a backup.
    restored_at: Moment | None = None
    # The source that the tally counts the signature under, if that differs from `source` (tallies.model.MAX_SOURCES).
    counted_source: str | None = None
    # True if the signature counted as soon as a partner sent it, and its owner has not confirmed it by our email.
    by_partner: bool | None = None
    typed: Typed | None = None
    # The digests of the receipts that make the signature count at once, and the one that did: it brought `updates`.
    counts_with: set[str] | None = None
    confirmed_with: str | None = None
    # When the owner confirmed a signature that counted by a partner, or was held, or removed while it was pending; when
    # an undo made it pending again.
    owner_confirmed_at: Moment | None = None
    pending_again_at: Moment | None = None
    # When the owner of a counted signature agreed to updates later.
    updates_at: Moment | None = None
    # The consent_version whose wording of updates was shown then. `consent_version` stays that of the signing.
    updates_version: str | None = None
    mail_kind: MailKind | None = None
    mail_requested_at: Moment | None = None
    mail_nudged_at: Moment | None = None
    mail_due_at: Moment | None = None
    # The hash of the client's network (signatures.network), until the network's limit has counted the first email.
    mail_network: str | None = None
    mailed_at: Moment | None = None
    mails: int = 0  # How many emails were sent.
    reminded_at: Moment | None = None
    # "bounced", "complained" or "refused": the signature gets no more email.
    undeliverable: str | None = None
    expires_at: EpochSeconds | None = None

    @property
    def all_receipts(self) -> set[str]:
        """Return the partners' receipts, and OUR_FORM if the person signed here, first or later."""
        first = self.receipt or OUR_FORM  # Also OUR_FORM if a withdrawal has removed the receipts.
        others = self.also_came_with or set()
        return {first, *others}

    def counts_at_once_with(self, receipts: set[str]) -> bool:
        """Return whether one of these entries of `all_receipts` makes the signature count."""
        digests = {entry.partition(".")[0] for entry in receipts if entry != OUR_FORM}
        # Without `counts_with`, the signature was stored by an earlier version: then any partner's receipt counts.
        return bool(digests & (self.counts_with or digests))

    @property
    def as_typed(self) -> "Signature":
        """The signature as the person typed it here, without the consents that a partner brought."""
        typed = self.typed or Typed(name=self.name, country=self.country, postcode=self.postcode)
        updates = typed.updates and self.unsubscribed_at is None
        return self.model_copy(update={**dict(typed), "updates": updates, "typed": None})

    @property
    def without_personal_data(self) -> "Signature":
        """The signature as the end of the retention leaves it."""
        return Signature.model_validate(self.model_dump(exclude={*EMPTIED_FIELDS}))

    @property
    def waits_for_owner(self) -> bool:
        """Whether its owner has still to confirm it, also if staff removed it: the owner does not see that."""
        is_removed = self.state is SignatureState.REMOVED and self.removed_from is SignatureState.PENDING
        return self.state is SignatureState.PENDING or (is_removed and self.owner_confirmed_at is None)

    def may_be_confirmed(self, issued: datetime) -> bool:
        """Return whether its owner has still to confirm it, by a link that was issued then (also if a partner's
        counts).
        """
        counts_by_partner = self.state is SignatureState.CONFIRMED and self.by_partner is True
        return (self.waits_for_owner or counts_by_partner) and not self.has_withdrawal_after(issued)

    def has_withdrawal_after(self, issued: datetime) -> bool:
        """Return whether the signature was withdrawn more than CLOCK_SKEW after a link was issued.

        A stranger may have the old link, sign again with this address, and confirm: so only a newer link confirms.
        """
        return self.withdrawn_at is not None and exact(self.withdrawn_at) > withdrawal_limit(issued)

    def offers_letter(self, issued: datetime) -> bool:
        """Return whether the page of a link that was issued then offers to send the letter `letter_asked`.

        A stranger with an older link could otherwise type a letter, and send it in the owner's name.
        """
        asked = self.letter_asked
        may_add_letter = self.state is SignatureState.CONFIRMED and self.letter is None
        return may_add_letter and asked is not None and issued >= asked.offered_from

    @property
    def is_erasure_mark(self) -> bool:
        """Return whether `erase_all` found no item and stored this one. An emptied signature keeps its `channel`."""
        return self.erased_at is not None and not self.channel

    def is_withdrawn_or_expired(self, now: datetime) -> bool:
        """Return whether the signature is withdrawn, or pending and expired: TTL may delete it days later."""
        if self.state is SignatureState.WITHDRAWN:
            return True
        is_past_expiry = self.expires_at is not None and self.expires_at <= now
        return self.state is SignatureState.PENDING and is_past_expiry


def withdrawal_limit(issued: datetime) -> str:
    """Return, as stored, the latest `withdrawn_at` with which a link issued at this time still confirms."""
    return iso(issued + CLOCK_SKEW)


class NewSignature(FrozenModel):
    """A signature to store, and the parts of its key. As JSON, it is the overflow queue's message (personal data)."""

    slug: str
    signature_id: str
    signature: Signature
    # `signature.signed_at` has whole seconds in the message, and a person may withdraw and sign again in one second.
    signed_at: ExactMoment | None = None

    @property
    def key(self) -> Key:
        return keys.signature(self.slug, self.signature_id)


def is_moved(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Return whether this change moves a signature from, or to, this item: nobody signs or withdraws by that."""
    moved_at = after.get("moved_at")
    return moved_at is not None and moved_at != before.get("moved_at")
