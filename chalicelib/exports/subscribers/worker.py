"""What runs the job that makes a list of the people who asked for updates (runner/worker.py)."""

from pathlib import Path

from chalicelib.aws.bucket import files_bucket
from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.core.settings import settings
from chalicelib.exports.subscribers.request import OptInList
from chalicelib.exports.subscribers.run import ListWork
from chalicelib.jobs.worker import JobKind


def _work(_: OptInList, folder: Path, half: str) -> ListWork:
    return ListWork(tables(), files_bucket(), folder, times.now, settings().limit_keys, half)


KIND = JobKind(OptInList, _work)
