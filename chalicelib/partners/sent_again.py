"""Record who sent a signature again, so that the undo of an import takes back only signatures that nobody else sent.

A sender is an import of a partner's file, or the API. A receipt records that a partner sent a signature.
"""

from chalicelib.core import keys
from chalicelib.core.errors import Conflicted
from chalicelib.partners import store
from chalicelib.partners.model import Receipt
from chalicelib.partners.receiving import ReceivingContext
from chalicelib.signatures.look_up import find_by_id
from chalicelib.signatures.model import Signature
from chalicelib.signatures.take_back import add_receipt


def find_signature(receipt: Receipt, receiving: ReceivingContext) -> Signature | None:
    stored = find_by_id(receiving.petition, receipt.signature_id, receiving.tables)
    return stored.signature if stored else None


def record_sender(new: Receipt, stored: Receipt, signature: Signature | None, receiving: ReceivingContext) -> None:
    """Record that the sender of `new` sent the signature too, so that the undo of another import does not withdraw it.

    Do nothing if no import sent the signature before, or if the import of `new` sent it first. Raise Conflicted if an
    import was undone meanwhile, and the undo withdrew the signature. If the caller then repeats the request, we store
    the signature again.
    """
    if new.sender == stored.job_id or not stored.may_be_undone or signature is None:
        return
    key = keys.signature(stored.slug, stored.signature_id)
    entry = stored.entry_for(new.sender)  # A text with the receipt's digest and the sender.
    is_recorded = entry in signature.all_receipts or add_receipt(key, entry, receiving.tables)
    if not is_recorded:
        current = find_signature(stored, receiving)
        if current is None or current.taken_back_at:
            raise Conflicted("storage")
    if new.job_id:
        store.record_import(stored, new.job_id, receiving.tables)
