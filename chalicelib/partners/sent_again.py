"""A partner sends a signature again: may it be stored again, what is the result, and who sent it.

The undo of an import takes back only signatures that no other sender (another import, or the API) sent.
"""

from datetime import datetime

from chalicelib.core import keys
from chalicelib.core.errors import Conflicted
from chalicelib.partners import store
from chalicelib.partners.form import SentSignature
from chalicelib.partners.model import Receipt, ReceiveOutcome
from chalicelib.partners.receiving import ReceivingContext
from chalicelib.signatures.look_up import find_by_id
from chalicelib.signatures.mail_state import hurry_mail
from chalicelib.signatures.model import ERASED_LIFETIME, Signature, SignatureState
from chalicelib.signatures.take_back import add_receipt, is_taken_back


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
