"""Take signatures from a partner: each person once, however often and under which identifiers they are sent.

The receipt is claimed before the signature is stored and settled after it is counted. After a crash at any point, the
same call continues. `Signature.receipt` names the receipt that a signature came with, so a repeated call knows
whether its own earlier attempt stored it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from chalicelib.aws.table import Tables
from chalicelib.core.errors import ConditionFailed, Conflicted, FieldError, Invalid, Unavailable
from chalicelib.core.times import iso
from chalicelib.core.tokens import Subject
from chalicelib.partners import store
from chalicelib.partners.form import SentSignature
from chalicelib.partners.model import Counts, Receipt, TakenAs
from chalicelib.partners.receiving import Receiving, Wordings
from chalicelib.partners.sent_again import find_signature, note_sender
from chalicelib.signatures.confirm import confirm
from chalicelib.signatures.form import Corrections
from chalicelib.signatures.model import ERASED_LIFETIME, Signature, SignatureState
from chalicelib.signatures.sign import Outcome, sign

ATTEMPTS = 3
CONFLICT = FieldError("identifier", "This identifier was sent before with another email address")


class Taken(NamedTuple):
    """The result of one signature. It has `errors` only if it is invalid."""

    result: TakenAs
    errors: Sequence[FieldError] = ()


def take_each(each_sent: Sequence[SentSignature], receiving: Receiving, now: datetime) -> list[Taken]:
    """Take up to a hundred signatures, in order. Raise Unavailable: some may be stored, and a repeat is safe."""
    fresh = [receiving.receipt_of(sent, now) for sent in each_sent]
    stored = store.find_receipts(fresh, receiving.tables)
    wordings = Wordings(receiving.partner, now, receiving.tables)
    taken = []
    for sent, receipt in zip(each_sent, fresh, strict=True):
        taken.append(_take_valid(sent, receipt, stored.get(receipt.digest), wordings, receiving, now))
    return taken


def _take_valid(
    sent: SentSignature,
    receipt: Receipt,
    stored: Receipt | None,
    wordings: Wordings,
    receiving: Receiving,
    now: datetime,
) -> Taken:
    try:
        wordings.keep(sent)
        return Taken(_take(sent, receipt, stored, receiving, now))
    except Invalid as invalid:
        return Taken(TakenAs.INVALID, invalid.errors)


def _take(sent: SentSignature, fresh: Receipt, stored: Receipt | None, receiving: Receiving, now: datetime) -> TakenAs:
    receipt = _claimed(fresh, stored, receiving.tables)
    if receipt.result is not None:
        signature = find_signature(receipt, receiving)
        if not _may_be_sent_again(receipt, signature, now):
            note_sender(fresh, receipt, signature, receiving)
            return _known_result(receipt, fresh, signature)
        store.claim_again(fresh, receipt, receiving.tables)  # If somebody else does so now, both store the same.
        receipt = fresh
    result = _stored_and_counted(sent, receipt, receiving, now)
    if fresh.sender != receipt.sender:  # An import that stopped in between had claimed it.
        note_sender(fresh, receipt, find_signature(receipt, receiving), receiving)
    store.settle(receipt, result, receiving.tables)
    return result


def _claimed(fresh: Receipt, stored: Receipt | None, tables: Tables) -> Receipt:
    """Return the receipt as stored. Raise Invalid if the identifier belongs to another person."""
    for _ in range(ATTEMPTS):
        if stored is None:
            try:
                store.claim(fresh, tables)
                return fresh
            except ConditionFailed as failure:
                stored = store.as_receipt(dict(failure.item or {}))
        if stored.undone_at is None:
            break
        if store.claim_again(fresh, stored, tables):
            return fresh
        stored = store.find_receipts([fresh], tables).get(fresh.digest)
    else:
        raise Conflicted("storage")
    if stored.signature_id != fresh.signature_id:
        raise Invalid([CONFLICT])
    return stored


def _may_be_sent_again(receipt: Receipt, signature: Signature | None, now: datetime) -> bool:
    """Return whether the person never confirmed the signature, or an undo has taken it back.

    If its item is gone within ERASED_LIFETIME, the signature expired. After that time the item of an erased or
    withdrawn signature would be gone too, so we cannot tell.
    """
    if receipt.result is TakenAs.SUPPRESSED:
        return False
    if signature is None:
        return now < receipt.received_at + ERASED_LIFETIME
    if signature.taken_back_at:
        return True
    return signature.state is SignatureState.PENDING and signature.is_over(now)


def _known_result(receipt: Receipt, fresh: Receipt, signature: Signature | None) -> TakenAs:
    """Return the result of a signature that was settled before."""
    if receipt.result and receipt.is_same_row(fresh):
        return receipt.result
    is_live = signature is not None and signature.state is not SignatureState.WITHDRAWN
    return TakenAs.EXISTING if is_live and receipt.result is not TakenAs.SUPPRESSED else TakenAs.SUPPRESSED


def _stored_and_counted(sent: SentSignature, receipt: Receipt, receiving: Receiving, now: datetime) -> TakenAs:
    before = find_signature(receipt, receiving)
    if before is not None and _is_suppressed(before):
        return TakenAs.SUPPRESSED
    origin = receiving.origin_of(sent, receipt, is_known=before is not None and not before.is_over(now))
    signed = sign(sent.form, receiving.petition, origin, now, receiving.context)
    if signed.outcome is Outcome.OVERFLOWED:
        raise Unavailable("storage")  # The queue has it. The partner sends it again, and then it is counted.
    signature = find_signature(receipt, receiving)
    is_own = signature is not None and signature.receipt == receipt.digest
    if (
        receiving.partner.counts is Counts.AT_ONCE
        and signature is not None
        and signature.state is SignatureState.PENDING
    ):
        _confirm(sent, receipt, signature, receiving, now, is_own=is_own)
    return TakenAs.ACCEPTED if is_own else TakenAs.EXISTING


def _confirm(
    sent: SentSignature, receipt: Receipt, signature: Signature, receiving: Receiving, now: datetime, *, is_own: bool
) -> None:
    """Count the signature. The partner's values replace those that a stranger may have typed here before.

    Only the person can confirm a letter: one that was typed here is offered to them by email.
    """
    vouched = {} if is_own else {"name": sent.form.name, "updates": sent.form.consent.updates}
    subject = Subject(receipt.slug, receipt.signature_id, signature.country or "", signature.source or "")
    corrections = Corrections.model_validate(vouched)
    typed, asked_at = signature.letter, iso(signature.signed_at)
    offered = {**typed.model_dump(exclude_none=True), "asked_at": asked_at} if typed else None
    also = {"letter": None, "letter_asked": offered, "by_partner": True}
    confirm(subject, corrections, receiving.petition, now, receiving.tables, also=also)


def _is_suppressed(signature: Signature) -> bool:
    """Return whether the person withdrew, was erased, or cannot be reached by email.

    If staff undid the import that it came with, the person did not withdraw.
    """
    if signature.state is SignatureState.WITHDRAWN:
        return signature.taken_back_at is None
    return signature.state is SignatureState.PENDING and signature.undeliverable is not None


def foresee_each(each_sent: Sequence[SentSignature], receiving: Receiving, now: datetime) -> list[Taken]:
    """Return what take_each would return now, and store nothing. A person who is listed twice is accepted twice."""
    fresh = [receiving.receipt_of(sent, now) for sent in each_sent]
    stored = store.find_receipts(fresh, receiving.tables)
    return [_foreseen(receipt, stored.get(receipt.digest), receiving, now) for receipt in fresh]


def _foreseen(fresh: Receipt, stored: Receipt | None, receiving: Receiving, now: datetime) -> Taken:
    if stored and not stored.undone_at:
        if stored.signature_id != fresh.signature_id:
            return Taken(TakenAs.INVALID, [CONFLICT])
        signature = find_signature(stored, receiving)
        if stored.result is not None and not _may_be_sent_again(stored, signature, now):
            return Taken(_known_result(stored, fresh, signature))
    signature = find_signature(fresh, receiving)
    if signature is None or (signature.is_over(now) and not _is_suppressed(signature)):
        return Taken(TakenAs.ACCEPTED)
    return Taken(TakenAs.SUPPRESSED if _is_suppressed(signature) else TakenAs.EXISTING)
