"""Run the jobs in the queue of lists. Each job makes a list of the people who asked for updates."""

from pathlib import Path

from chalice.app import Blueprint, SQSEvent

from chalicelib.aws.bucket import files_bucket
from chalicelib.aws.queue import opt_in_lists_queue
from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.core.settings import settings
from chalicelib.edge.batch import QUEUE_ARN, Failures
from chalicelib.exports.subscribers.request import OptInList
from chalicelib.jobs.model import Work
from chalicelib.jobs.worker import run_jobs

workers = Blueprint(__name__)


@workers.on_sqs_message(queue_arn=QUEUE_ARN, batch_size=1)
def run_list(event: SQSEvent) -> Failures:
    return run_jobs(event, OptInList, opt_in_lists_queue(), _work)


def _work(job: OptInList, folder: Path) -> Work[OptInList]:
    # Imported here, so that tools that import all of app.py do not load the code that makes lists.
    from chalicelib.exports.subscribers.run import ListWork

    return ListWork(tables(), files_bucket(), folder, times.now, settings().limit_keys)
