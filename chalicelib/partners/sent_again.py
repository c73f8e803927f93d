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


def record_sender(new: Receipt, receipt: Receipt, signature: Signature | None, receiving: ReceivingContext) -> None:
    """Record that the sender of `new` sent the signature too: the undo of an earlier import then does not withdraw it.

    `receipt`: the stored receipt. Do nothing if no import sent the signature, or if the sender of `new` sent it first.
    Raise Conflicted if the import was undone meanwhile. If the caller then repeats the request, we store the signature
    again.
    """
    if new.sender == receipt.job_id or not receipt.may_be_undone or signature is None:
        return
    key, entry = keys.signature(receipt.slug, receipt.signature_id), receipt.entry_for(new.sender)
    if entry not in signature.all_receipts and not add_receipt(key, entry, receiving.tables):
        current = find_signature(receipt, receiving)
        if current is None or current.taken_back_at:
            raise Conflicted("storage")
    if new.job_id:
        store.record_import(receipt, new.job_id, receiving.tables)
