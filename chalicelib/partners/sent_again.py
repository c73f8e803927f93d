"""Note who sent a signature again, so that the undo of an import takes back only what no other sender sent."""

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


def note_sender(fresh: Receipt, receipt: Receipt, signature: Signature | None, receiving: ReceivingContext) -> None:
    """Note the sender of `fresh`, if an import sent the signature first: the undo of that import must not remove it.

    Raise Conflicted if that import was undone meanwhile: a repeat then stores the signature again.
    """
    if fresh.sender == receipt.job_id or not receipt.may_be_undone or signature is None:
        return
    key, entry = keys.signature(receipt.slug, receipt.signature_id), receipt.entry_for(fresh.sender)
    if entry not in signature.all_receipts and not add_receipt(key, entry, receiving.tables):
        current = find_signature(receipt, receiving)
        if current is None or current.taken_back_at:
            raise Conflicted("storage")
    if fresh.job_id:
        store.note_import(receipt, fresh.job_id, receiving.tables)
