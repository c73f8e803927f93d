"""What runs the job of a petition's retention (runner/worker.py)."""

from pathlib import Path

from chalicelib.aws.bucket import files_bucket
from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.jobs.worker import JobKind
from chalicelib.retention.model import Retention
from chalicelib.retention.run import RetentionWork


def _work(_: Retention, _folder: Path, _half: str) -> RetentionWork:
    return RetentionWork(times.now, tables(), files_bucket())


KIND = JobKind(Retention, _work)
