"""Undo an import: take back the signatures that came only with it, and free its identifiers."""

from datetime import datetime
from itertools import islice

from chalicelib.core import keys
from chalicelib.jobs.model import JobState
from chalicelib.partners import store
from chalicelib.partners.imports.model import Import
from chalicelib.partners.model import Receipt, ReceiveOutcome
from chalicelib.partners.receiving import Receiving
from chalicelib.signatures.take_back import take_back


def undo_some(job: Import, receiving: Receiving, now: datetime, most: int) -> Import:
    """Undo up to `most` receipts of one bucket, and return the job. Undone receipts are skipped, so it may be repeated.

    `processed` and `accepted` only show progress: after a crash, some undone receipts may not be counted in them.
    """
    undone = job.undoes or ""
    found = store.receipts_in(job.slug, receiving.partner.source, job.bucket, receiving.tables)
    open_ones = list(islice((each for each in found if _came_with(each, undone)), most))
    taken_back = 0
    for receipt in open_ones:
        if receipt.result is not ReceiveOutcome.SUPPRESSED:
            key = keys.signature(job.slug, receipt.signature_id)
            mark = receipt.digest if receipt.job_id == undone else receipt.mark_of(undone)
            taken_back += take_back(key, mark, receiving.petition, now, receiving.tables)
        store.mark_undone(receipt, undone, now, receiving.tables)
    buckets = job.buckets + (len(open_ones) < most)
    update = {"processed": job.processed + len(open_ones), "accepted": job.accepted + taken_back}
    if buckets == len(keys.BUCKETS):
        return job.ended(JobState.DONE, **update)
    return job.model_copy(update={**update, "buckets": buckets})


def _came_with(receipt: Receipt, job_id: str) -> bool:
    return not receipt.undone_at and (receipt.job_id == job_id or job_id in (receipt.also_in or ()))
