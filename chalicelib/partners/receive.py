"""Take a partner's signatures: store them, and count those that need no confirmation by email. A person counts once.

First the receipt is claimed (stored), then the signature is stored and perhaps counted, then the receipt is settled:
its result is recorded. After a crash at any point, a repeat continues. If a repeat finds its own receipt's digest in
`Signature.receipt`, its earlier attempt stored the signature.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed, Conflicted, FieldError, Invalid, LinkExpired, Unavailable
from chalicelib.core.times import iso
from chalicelib.core.tokens import Subject
from chalicelib.partners import store
from chalicelib.partners.form import SentSignature
from chalicelib.partners.model import CountsWhen, Receipt, ReceiveOutcome
from chalicelib.partners.receiving import ReceivingContext, Wordings
from chalicelib.signatures.confirm import confirm
from chalicelib.signatures.form import Corrections
from chalicelib.signatures.look_up import find_by_id
from chalicelib.signatures.mail_state import hurry_mail
from chalicelib.signatures.model import ERASED_LIFETIME, Signature, SignatureState, Typed
from chalicelib.signatures.sign import Outcome, sign
from chalicelib.signatures.withdraw import add_receipt, is_taken_back

ATTEMPTS = 3
CONFLICT = FieldError("identifier", "This identifier was sent before with another email address")


class ReceiveResult(NamedTuple):
    outcome: ReceiveOutcome
    errors: Sequence[FieldError] = ()


def take_each(submissions: Sequence[SentSignature], receiving: ReceivingContext, now: datetime) -> list[ReceiveResult]:
    """Return the results, in order. After Unavailable, a repeat is safe."""
    receipts = [receiving.receipt_of(submission, now) for submission in submissions]
    stored_receipts = store.find_receipts(receipts, receiving.tables)
    wordings = Wordings(receiving.partner, now, receiving.tables)
    results: list[ReceiveResult] = []
    for submission, receipt in zip(submissions, receipts, strict=True):
        stored = stored_receipts.get(receipt.digest)
        try:
            wordings.store(submission)
            results.append(ReceiveResult(_take(submission, receipt, stored, receiving, now)))
        except Invalid as invalid:
            results.append(ReceiveResult(ReceiveOutcome.INVALID, invalid.errors))
    return results


def _take(
    submission: SentSignature, new: Receipt, stored: Receipt | None, receiving: ReceivingContext, now: datetime
) -> ReceiveOutcome:
    """`new`: its new receipt. `stored`: the receipt that was stored for its identifier, if any."""
    current = _claim(new, stored, receiving.tables)  # The stored receipt: `new`, or one of an earlier call.
    is_settled = current.result is not None
    if is_settled:
        signature = find_signature(current, receiving, now)
        if not may_be_stored_again(current, signature, now):
            record_sender(new, current, signature, receiving, now)
            hurry_imported_email(signature, submission, current, receiving, now)
            return repeated_result(current, new, signature)
        # Another request may do the same at the same time. Both are for the same signature (`_claim` compared its id),
        # which is stored once and counted once.
        if not store.claim_again(new, current, receiving.tables):
            raise Conflicted("storage")  # An undo has just marked the receipt as undone. A repeat replaces it.
        current = new
    result = _store_and_count(submission, current, receiving, now)
    if new.sender != current.sender:  # The earlier call came from another sender, and ended before it settled.
        record_sender(new, current, find_signature(current, receiving, now), receiving, now)
    store.settle(current, result, receiving.tables)
    return result


def _claim(new: Receipt, stored: Receipt | None, tables: Tables) -> Receipt:
    """Store `new`, or keep an earlier receipt that is not undone. Return the receipt that is then stored."""
    for _ in range(ATTEMPTS):
        if stored is None:
            try:
                store.claim(new, tables)
                return new
            except ConditionFailed as failure:
                stored = store.as_receipt(dict(failure.item or {}))  # Never {}: `claim` fails with the item.
        if stored.undone_at is None:  # Claimed or settled.
            if stored.signature_id != new.signature_id:
                raise Invalid([CONFLICT])
            return stored
        if stored.is_same_row(new):  # This is a late step of an import that was undone meanwhile.
            raise Conflicted("storage")
        if store.claim_again(new, stored, tables):
            return new
        stored = store.find_receipts([new], tables).get(new.digest)
    raise Conflicted("storage")


def _store_and_count(
    submission: SentSignature, receipt: Receipt, receiving: ReceivingContext, now: datetime
) -> ReceiveOutcome:
    """Return the result, which is not stored in the receipt yet. EXISTING: another receipt, or none, stored it."""
    before = find_signature(receipt, receiving, now)
    if before is not None and is_suppressed(submission, before):
        return ReceiveOutcome.SUPPRESSED
    submission = submission.without_stopped_updates(before)
    has_signed = before is not None and not before.is_withdrawn_or_expired(now)
    origin = receiving.origin_of(submission, receipt, has_signed=has_signed)
    signed = sign(submission.form, receiving.petition, origin, now, receiving.signing)
    if signed.outcome is Outcome.OVERFLOWED:
        raise Unavailable("storage")  # The signature waits in a queue, unconfirmed. A repeat settles the receipt.
    signature = find_signature(receipt, receiving, now)
    if signature is None or is_suppressed(submission, signature):  # The person has withdrawn meanwhile.
        return ReceiveOutcome.SUPPRESSED
    if receiving.partner.counts is CountsWhen.AFTER_EMAIL:
        hurry_imported_email(signature, submission, receipt, receiving, now)
    elif signature.state is SignatureState.PENDING:
        _confirm(submission, receipt, signature, receiving, now)
    return ReceiveOutcome.ACCEPTED if signature.receipt == receipt.digest else ReceiveOutcome.EXISTING


def _confirm(
    submission: SentSignature, receipt: Receipt, signature: Signature, receiving: ReceivingContext, now: datetime
) -> None:
    """Confirm the signature. Unless it is as it came with this receipt, take its name and `updates` from `submission`.

    Perhaps a stranger typed its letter on our form. So the letter becomes `letter_asked`: an email asks the person
    before we send it.
    """
    is_as_sent = signature.receipt == receipt.digest and signature.submitted_at is None
    corrections = {} if is_as_sent else {"name": submission.form.name, "updates": submission.form.consent.updates}
    subject = Subject(receipt.slug, receipt.signature_id, signature.country or "", signature.source or "")
    letter, typed_at = signature.letter or signature.letter_asked, iso(signature.submitted_at or signature.signed_at)
    # The stranger may have a link from before the letter was typed. Such a link does not offer it (`offers_letter`).
    letter_to_ask_about = {**letter.model_dump(exclude_none=True), "asked_at": typed_at} if letter else None
    typed = Typed.model_validate(signature, from_attributes=True).model_dump(exclude_none=True)
    counted = {"by_partner": True, "confirmed_with": receipt.digest, "typed": None if is_as_sent else typed}
    also = {"letter": None, "letter_asked": letter_to_ask_about, **counted}
    try:
        corrected = Corrections.model_validate(corrections)
        confirm(subject, corrected, receiving.petition, now, receiving.tables, also=also, seen=signature)
    except LinkExpired as expired:  # The signature was just deleted, or its petition removed. A repeat finds that.
        raise Conflicted("storage") from expired


def predict_each(
    submissions: Sequence[SentSignature], receiving: ReceivingContext, now: datetime
) -> list[ReceiveResult]:
    """Return what `take_each` would return for each now, without the others: store nothing."""
    receipts = [receiving.receipt_of(submission, now) for submission in submissions]
    stored_receipts = store.find_receipts(receipts, receiving.tables)
    return [
        _predict(submission, receipt, stored_receipts.get(receipt.digest), receiving, now)
        for submission, receipt in zip(submissions, receipts, strict=True)
    ]


def _predict(
    submission: SentSignature, new: Receipt, stored: Receipt | None, receiving: ReceivingContext, now: datetime
) -> ReceiveResult:
    """After a crash between storing a signature and settling its receipt, predict EXISTING instead of ACCEPTED."""
    current = stored if stored and not stored.undone_at else None
    if current and current.signature_id != new.signature_id:
        return ReceiveResult(ReceiveOutcome.INVALID, [CONFLICT])
    signature = find_signature(new, receiving, now)
    if current and current.result is not None and not may_be_stored_again(current, signature, now):
        return ReceiveResult(repeated_result(current, new, signature))
    if signature is not None and is_suppressed(submission, signature):
        return ReceiveResult(ReceiveOutcome.SUPPRESSED)
    has_signed = signature is not None and not signature.is_withdrawn_or_expired(now)
    return ReceiveResult(ReceiveOutcome.EXISTING if has_signed else ReceiveOutcome.ACCEPTED)


def find_signature(receipt: Receipt, receiving: ReceivingContext, now: datetime) -> Signature | None:
    stored = find_by_id(receiving.petition, receipt.signature_id, now, receiving.tables)
    return stored.signature if stored else None


def is_suppressed(submission: SentSignature, signature: Signature) -> bool:
    """Return whether the person withdrew, was erased, or has not confirmed and cannot be reached by email.

    If a pending signature has a withdrawal, somebody signed again after it, perhaps a stranger. So the partner's
    consent from before the withdrawal does not confirm that signature.
    """
    # Both times stay if somebody signs again. A withdrawal by the person removes `taken_back_at`.
    withdrawn_by_undo = signature.taken_back_at is not None
    if signature.state is SignatureState.WITHDRAWN:  # An erasure sets this state too.
        return not withdrawn_by_undo
    if signature.state is not SignatureState.PENDING:
        return False
    withdrawn_at = None if withdrawn_by_undo else signature.withdrawn_at
    has_withdrawn_since = withdrawn_at is not None and submission.may_be_older_than(withdrawn_at)
    return has_withdrawn_since or signature.undeliverable is not None


def may_be_stored_again(receipt: Receipt, signature: Signature | None, now: datetime) -> bool:
    """Return whether the signature expired before the person confirmed it, or the undo of an import took it back.

    A withdrawn or erased item stays for at least ERASED_LIFETIME. So with a younger receipt, a missing signature has
    expired. With an older receipt, we do not know: return False.
    """
    if receipt.result is ReceiveOutcome.SUPPRESSED:  # It was not stored even the first time.
        return False
    if signature is None:
        return now < receipt.received_at + ERASED_LIFETIME
    if is_taken_back(signature):
        return True
    return signature.state is SignatureState.PENDING and signature.is_withdrawn_or_expired(now)


def repeated_result(settled: Receipt, new: Receipt, signature: Signature | None) -> ReceiveOutcome:
    """`settled`: the stored receipt. `new`: the repeat's receipt. If no signature is stored, the result is SUPPRESSED:
    perhaps the person withdrew or was erased. A stored SUPPRESSED stays, even if the person has signed here since.
    """
    if settled.result and settled.is_same_row(new):  # After a crash, the import takes the same row again.
        return settled.result
    is_live = signature is not None and signature.state is not SignatureState.WITHDRAWN
    was_suppressed = settled.result is ReceiveOutcome.SUPPRESSED
    return ReceiveOutcome.EXISTING if is_live and not was_suppressed else ReceiveOutcome.SUPPRESSED


def record_sender(
    new: Receipt, stored: Receipt, signature: Signature | None, receiving: ReceivingContext, now: datetime
) -> None:
    """Record that the sender of `new` sent the signature too, so that the undo of another import does not withdraw it.

    Raise Conflicted if the undo of an import withdrew the signature meanwhile, or it was deleted. Then a repeat stores
    it again.
    """
    if new.sender == stored.job_id or not stored.came_in_import or signature is None:
        return
    key = keys.signature(stored.slug, stored.signature_id)
    entry = stored.entry_for(new.sender)  # A text with the receipt's digest and the sender.
    is_recorded = entry in signature.all_receipts or add_receipt(key, entry, receiving.tables)
    if not is_recorded:
        current = find_signature(stored, receiving, now)
        if current is None or is_taken_back(current):
            raise Conflicted("storage")
        # Otherwise the person withdrew, or the signature has no room for further receipts: then the undo of all
        # recorded imports withdraws it. List this import in any case: the receipt is undone after all listed ones.
    if new.job_id:
        store.record_import(stored, new.job_id, receiving.tables)


def hurry_imported_email(
    signature: Signature | None,
    submission: SentSignature,
    receipt: Receipt,
    receiving: ReceivingContext,
    now: datetime,
) -> None:
    """Hurry the email that an import requested, if the person signed on the partner's site after the import.

    Nobody waits if the partner only sends an older consent again; a consent without a date may be one.
    """
    if signature is None or receiving.job_id is not None:
        return
    # `signed_at` of an imported signature is the time of the import.
    if submission.is_dated and submission.consent.obtained_at > signature.signed_at:
        hurry_mail(keys.signature(receipt.slug, receipt.signature_id), signature, now, receiving.tables)
