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
from chalicelib.partners.model import Counts, Receipt, ReceiveOutcome
from chalicelib.partners.receiving import Receiving, Wordings
from chalicelib.partners.sent_again import find_signature, note_sender
from chalicelib.signatures.confirm import confirm
from chalicelib.signatures.form import Corrections
from chalicelib.signatures.model import ERASED_LIFETIME, Signature, SignatureState
from chalicelib.signatures.sign import Outcome, sign

ATTEMPTS = 3
CONFLICT = FieldError("identifier", "This identifier was sent before with another email address")


class ReceiveResult(NamedTuple):
    """The result of one signature. It has `errors` only if it is invalid."""

    result: ReceiveOutcome
    errors: Sequence[FieldError] = ()


def take_each(submissions: Sequence[SentSignature], receiving: Receiving, now: datetime) -> list[ReceiveResult]:
    """Take up to a hundred signatures, in order. Raise Unavailable: some may be stored, and a repeat is safe."""
    fresh = [receiving.receipt_of(submission, now) for submission in submissions]
    stored = store.find_receipts(fresh, receiving.tables)
    wordings = Wordings(receiving.partner, now, receiving.tables)
    results = []
    for submission, receipt in zip(submissions, fresh, strict=True):
        results.append(_take_valid(submission, receipt, stored.get(receipt.digest), wordings, receiving, now))
    return results


def _take_valid(
    submission: SentSignature,
    receipt: Receipt,
    stored: Receipt | None,
    wordings: Wordings,
    receiving: Receiving,
    now: datetime,
) -> ReceiveResult:
    try:
        wordings.keep(submission)
        return ReceiveResult(_take(submission, receipt, stored, receiving, now))
    except Invalid as invalid:
        return ReceiveResult(ReceiveOutcome.INVALID, invalid.errors)


def _take(
    submission: SentSignature, fresh: Receipt, stored: Receipt | None, receiving: Receiving, now: datetime
) -> ReceiveOutcome:
    receipt = _claimed(fresh, stored, receiving.tables)
    if receipt.result is not None:
        signature = find_signature(receipt, receiving)
        if not _may_be_sent_again(receipt, signature, now):
            note_sender(fresh, receipt, signature, receiving)
            return _known_result(receipt, fresh, signature)
        store.claim_again(fresh, receipt, receiving.tables)  # If somebody else does so now, both store the same.
        receipt = fresh
    result = _stored_and_counted(submission, receipt, receiving, now)
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
    if receipt.result is ReceiveOutcome.SUPPRESSED:
        return False
    if signature is None:
        return now < receipt.received_at + ERASED_LIFETIME
    if signature.taken_back_at:
        return True
    return signature.state is SignatureState.PENDING and signature.is_over(now)


def _known_result(receipt: Receipt, fresh: Receipt, signature: Signature | None) -> ReceiveOutcome:
    """Return the result of a signature that was settled before."""
    if receipt.result and receipt.is_same_row(fresh):
        return receipt.result
    is_live = signature is not None and signature.state is not SignatureState.WITHDRAWN
    return (
        ReceiveOutcome.EXISTING
        if is_live and receipt.result is not ReceiveOutcome.SUPPRESSED
        else ReceiveOutcome.SUPPRESSED
    )


def _stored_and_counted(
    submission: SentSignature, receipt: Receipt, receiving: Receiving, now: datetime
) -> ReceiveOutcome:
    before = find_signature(receipt, receiving)
    if before is not None and _is_suppressed(before):
        return ReceiveOutcome.SUPPRESSED
    origin = receiving.origin_of(submission, receipt, is_known=before is not None and not before.is_over(now))
    signed = sign(submission.form, receiving.petition, origin, now, receiving.context)
    if signed.outcome is Outcome.OVERFLOWED:
        raise Unavailable("storage")  # The queue has it. The partner sends it again, and then it is counted.
    signature = find_signature(receipt, receiving)
    is_own = signature is not None and signature.receipt == receipt.digest
    if (
        receiving.partner.counts is Counts.AT_ONCE
        and signature is not None
        and signature.state is SignatureState.PENDING
    ):
        _confirm(submission, receipt, signature, receiving, now, is_own=is_own)
    return ReceiveOutcome.ACCEPTED if is_own else ReceiveOutcome.EXISTING


def _confirm(
    submission: SentSignature,
    receipt: Receipt,
    signature: Signature,
    receiving: Receiving,
    now: datetime,
    *,
    is_own: bool,
) -> None:
    """Count the signature. The partner's values replace those that a stranger may have typed here before.

    Only the person can confirm a letter: one that was typed here is offered to them by email.
    """
    vouched = {} if is_own else {"name": submission.form.name, "updates": submission.form.consent.updates}
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


def foresee_each(submissions: Sequence[SentSignature], receiving: Receiving, now: datetime) -> list[ReceiveResult]:
    """Return what take_each would return now, and store nothing. A person who is listed twice is accepted twice."""
    fresh = [receiving.receipt_of(submission, now) for submission in submissions]
    stored = store.find_receipts(fresh, receiving.tables)
    return [_foreseen(receipt, stored.get(receipt.digest), receiving, now) for receipt in fresh]


def _foreseen(fresh: Receipt, stored: Receipt | None, receiving: Receiving, now: datetime) -> ReceiveResult:
    if stored and not stored.undone_at:
        if stored.signature_id != fresh.signature_id:
            return ReceiveResult(ReceiveOutcome.INVALID, [CONFLICT])
        signature = find_signature(stored, receiving)
        if stored.result is not None and not _may_be_sent_again(stored, signature, now):
            return ReceiveResult(_known_result(stored, fresh, signature))
    signature = find_signature(fresh, receiving)
    if signature is None or (signature.is_over(now) and not _is_suppressed(signature)):
        return ReceiveResult(ReceiveOutcome.ACCEPTED)
    return ReceiveResult(ReceiveOutcome.SUPPRESSED if _is_suppressed(signature) else ReceiveOutcome.EXISTING)
