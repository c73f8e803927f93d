"""What runs the job that reminds people to confirm (runner/worker.py)."""

from pathlib import Path

from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.jobs.worker import JobKind
from chalicelib.reminders.model import Reminding
from chalicelib.reminders.run import RemindingWork


def _work(_: Reminding, _folder: Path, _half: str) -> RemindingWork:
    return RemindingWork(times.now, tables())


KIND = JobKind(Reminding, _work)
