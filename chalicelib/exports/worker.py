"""Run the jobs in the exports queue. Each job makes the files of one export."""

from pathlib import Path

from chalice.app import Blueprint, SQSEvent

from chalicelib.aws.bucket import files_bucket
from chalicelib.aws.queue import exports_queue
from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.edge.batch import QUEUE_ARN, Failures
from chalicelib.exports.model import Export
from chalicelib.jobs.model import Work
from chalicelib.jobs.worker import run_jobs

workers = Blueprint(__name__)


@workers.on_sqs_message(queue_arn=QUEUE_ARN, batch_size=1)
def run_export(event: SQSEvent) -> Failures:
    return run_jobs(event, Export, exports_queue(), _work)


def _work(export: Export, folder: Path) -> Work[Export]:
    # Imported here, so that tools that import all of app.py do not load the code that makes exports.
    from chalicelib.exports.run import ExportContext, ExportWork

    return ExportWork(ExportContext(tables(), files_bucket(), folder, times.now))
