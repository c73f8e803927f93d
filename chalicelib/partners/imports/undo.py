"""Undo an import: take back the signatures that only this import sent, and mark the import's receipts as undone.

A signature that the person confirmed by our email stays, even if only this import sent it.

A receipt records that a partner sent a signature. Receipts are spread over buckets, which are partitions of the table.
"""

from datetime import datetime
from itertools import islice

from chalicelib.core import keys
from chalicelib.jobs.model import JobState
from chalicelib.partners import store
from chalicelib.partners.imports.model import Import
from chalicelib.partners.model import Receipt, ReceiveOutcome
from chalicelib.partners.receiving import ReceivingContext
from chalicelib.signatures.withdraw import take_back


def undo_some(job: Import, receiving: ReceivingContext, now: datetime, limit: int) -> Import:
    """Undo up to `limit` receipts of one bucket. Return the job with its progress. A repeat skips undone receipts.

    `processed` and `accepted` (signatures taken back) only show progress: after a crash, both may be too low.
    """
    import_id = job.undoes or ""  # An undo always has `undoes`.
    in_bucket = store.receipts_in(job.slug, receiving.partner.source, job.receipt_bucket, receiving.tables)
    to_undo = (receipt for receipt in in_bucket if _is_to_be_undone(receipt, import_id))
    receipts = list(islice(to_undo, limit))
    taken_back = 0
    for receipt in receipts:
        if receipt.result is not ReceiveOutcome.SUPPRESSED:  # For a suppressed one, no signature was stored.
            key = keys.signature(job.slug, receipt.signature_id)
            # This import's entry in Signature.all_receipts. All senders of the receipt have the same digest. The first
            # sender's entry is only the digest, and a later sender's entry also has the sender.
            entry = receipt.digest if receipt.job_id == import_id else receipt.entry_for(import_id)
            if take_back(key, entry, receiving.petition, now, receiving.tables):
                taken_back += 1
        # Last: after a crash before this line, a repeat finds the receipt again.
        store.undo_receipt(receipt, import_id, now, receiving.tables)
    is_bucket_done = len(receipts) < limit
    buckets_done = job.buckets + 1 if is_bucket_done else job.buckets
    update = {"processed": job.processed + len(receipts), "accepted": job.accepted + taken_back}
    if buckets_done == len(keys.BUCKETS):
        return job.in_end_state(JobState.DONE, **update)
    return job.model_copy(update={**update, "buckets": buckets_done})


def _is_to_be_undone(receipt: Receipt, import_id: str) -> bool:
    """Return whether this import sent the signature, first or later, and the receipt is not undone yet."""
    if receipt.undone_at:
        return False
    later_imports = receipt.also_in or set()
    return receipt.job_id == import_id or import_id in later_imports
