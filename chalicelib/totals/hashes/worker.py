"""Process the queue of comparisons."""

from pathlib import Path
from tempfile import TemporaryDirectory

from chalice.app import Blueprint, SQSEvent

from chalicelib.aws.bucket import exports_bucket
from chalicelib.aws.queue import comparisons_queue
from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.edge.batch import Failures
from chalicelib.edge.placeholders import QUEUE_ARN
from chalicelib.jobs.model import HasTime
from chalicelib.jobs.run import run
from chalicelib.jobs.worker import each_job
from chalicelib.totals.hashes.model import HashComparison
from chalicelib.totals.hashes.run import Comparing

workers = Blueprint(__name__)


@workers.on_sqs_message(queue_arn=QUEUE_ARN, batch_size=1)
def compare_hashes(event: SQSEvent) -> Failures:
    return each_job(event, HashComparison, comparisons_queue(), _run)


def _run(job: HashComparison, has_time: HasTime) -> HashComparison:
    with TemporaryDirectory(prefix="hashes-") as folder:
        work = Comparing(tables(), exports_bucket(), Path(folder), times.now)
        return run(job, work, has_time, times.now, tables())
