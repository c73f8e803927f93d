"""Note who sent an identifier again, so that the undo of one import takes back only what came with nothing else."""

from chalicelib.core import keys
from chalicelib.core.errors import Conflicted
from chalicelib.partners import store
from chalicelib.partners.model import Receipt
from chalicelib.partners.receiving import Receiving
from chalicelib.signatures.look_up import find_by_id
from chalicelib.signatures.model import Signature
from chalicelib.signatures.take_back import add_receipt


def find_signature(receipt: Receipt, receiving: Receiving) -> Signature | None:
    stored = find_by_id(receiving.petition, receipt.signature_id, receiving.tables)
    return stored.signature if stored else None


def note_sender(fresh: Receipt, receipt: Receipt, signature: Signature | None, receiving: Receiving) -> None:
    """Note that not only the import that brought the identifier sent it: undoing that import must leave the signature.

    Raise Conflicted if that import was undone at this moment. Then a repeat stores the signature again.
    """
    if fresh.sender == receipt.job_id or not receipt.may_be_undone or signature is None:
        return
    key, mark = keys.signature(receipt.slug, receipt.signature_id), receipt.mark_of(fresh.sender)
    if mark not in signature.came_with and not add_receipt(key, mark, receiving.tables):
        after = find_signature(receipt, receiving)
        if after is None or after.taken_back_at:
            raise Conflicted("storage")
    if fresh.job_id:
        store.note_import(receipt, fresh.job_id, receiving.tables)
