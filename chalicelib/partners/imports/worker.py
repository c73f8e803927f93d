"""What runs the job that imports a partner's file, or that undoes an import (runner/worker.py)."""

from pathlib import Path

from chalicelib.aws.bucket import files_bucket
from chalicelib.aws.queue import overflow_queue
from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.core.settings import settings
from chalicelib.jobs.worker import JobKind
from chalicelib.partners.imports.model import Import
from chalicelib.partners.imports.run import WORKERS, ImportWork
from chalicelib.partners.receiving import ReceivingContext
from chalicelib.partners.register import find_partner
from chalicelib.petitions.find import petition_as_stored
from chalicelib.signatures.sign import SigningContext


def _work(job: Import, folder: Path, _half: str) -> ImportWork:
    partner, petition = find_partner(job.partner, tables()), petition_as_stored(job.slug, tables())
    signing = SigningContext(tables(), overflow_queue, settings().signature_keys)
    import_id = job.undoes or job.job_id  # For an undo: the import that it undoes.
    receiving = ReceivingContext(partner, petition, "import", signing, import_id)
    return ImportWork(receiving, files_bucket(), folder, times.now, WORKERS)


KIND = JobKind(Import, _work)
