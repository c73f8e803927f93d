"""What runs the job that imports a partner's file, or that undoes an import (runner/worker.py)."""

from chalicelib.aws.queue import overflow_queue
from chalicelib.jobs.run import JobContext, JobKind
from chalicelib.partners.imports.model import Import
from chalicelib.partners.imports.run import WORKERS, ImportWork
from chalicelib.partners.receiving import ReceivingContext
from chalicelib.partners.register import find_partner
from chalicelib.petitions.find import petition_as_stored
from chalicelib.signatures.sign import SigningContext


def _work(job: Import, context: JobContext) -> ImportWork:
    partner, petition = find_partner(job.partner, context.tables), petition_as_stored(job.slug, context.tables)
    signing = SigningContext(context.tables, overflow_queue, context.settings.signature_keys)
    import_id = job.undoes or job.job_id  # For an undo: the import that it undoes.
    receiving = ReceivingContext(partner, petition, "import", signing, import_id)
    return ImportWork(receiving, context.bucket(), context.folder, context.clock, WORKERS)


KIND = JobKind(Import, _work)
