"""Process the imports queue: run imports of partners' files, and undos of imports."""

from pathlib import Path

from chalice.app import Blueprint, SQSEvent

from chalicelib.aws.bucket import files_bucket
from chalicelib.aws.queue import imports_queue, overflow_queue
from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.core.settings import settings
from chalicelib.edge.batch import QUEUE_ARN, Failures
from chalicelib.jobs.model import Work
from chalicelib.jobs.worker import run_jobs
from chalicelib.partners.imports.model import Import
from chalicelib.partners.receiving import ReceivingContext
from chalicelib.partners.register import find_partner
from chalicelib.petitions.find import petition_as_stored
from chalicelib.signatures.sign import SigningContext

workers = Blueprint(__name__)


@workers.on_sqs_message(queue_arn=QUEUE_ARN, batch_size=1)
def run_import(event: SQSEvent) -> Failures:
    return run_jobs(event, Import, imports_queue(), _work)


def _work(job: Import, folder: Path) -> Work[Import]:
    # Imported here, so that tools that import all of app.py do not load the code that runs imports.
    from chalicelib.partners.imports.run import WORKERS, ImportWork

    partner, petition = find_partner(job.partner, tables()), petition_as_stored(job.slug, tables())
    signing = SigningContext(tables(), overflow_queue, settings().signature_keys)
    import_id = job.undoes or job.job_id  # For an undo: the import that it undoes.
    receiving = ReceivingContext(partner, petition, "import", signing, import_id)
    return ImportWork(receiving, files_bucket(), folder, times.now, WORKERS)
