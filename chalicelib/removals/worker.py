"""What runs the job that removes signatures, puts them back or releases them (runner/worker.py)."""

from pathlib import Path

from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.jobs.worker import JobKind
from chalicelib.removals.model import Removal
from chalicelib.removals.run import RemovalWork


def _work(_: Removal, _folder: Path, _half: str) -> RemovalWork:
    return RemovalWork(times.now, tables())


KIND = JobKind(Removal, _work)
