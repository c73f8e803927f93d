"""Process the queue of comparisons: jobs that count how many people in another platform's hashes signed here too."""

from pathlib import Path

from chalice.app import Blueprint, SQSEvent

from chalicelib.aws.bucket import files_bucket
from chalicelib.aws.queue import hash_comparisons_queue
from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.edge.batch import Failures
from chalicelib.edge.placeholders import QUEUE_ARN
from chalicelib.jobs.worker import run_jobs
from chalicelib.totals.hashes.model import HashComparison
from chalicelib.totals.hashes.run import ComparisonWork

workers = Blueprint(__name__)


@workers.on_sqs_message(queue_arn=QUEUE_ARN, batch_size=1)
def compare_hashes(event: SQSEvent) -> Failures:
    return run_jobs(event, HashComparison, hash_comparisons_queue(), _work)


def _work(job: HashComparison, folder: Path) -> ComparisonWork:
    return ComparisonWork(tables(), files_bucket(), folder, times.now)
