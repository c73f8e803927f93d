"""What runs the job of an export (runner/worker.py)."""

from pathlib import Path

from chalicelib.aws.bucket import files_bucket
from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.exports.model import Export
from chalicelib.exports.run import ExportContext, ExportWork
from chalicelib.jobs.worker import JobKind


def _work(_: Export, folder: Path, half: str) -> ExportWork:
    return ExportWork(ExportContext(tables(), files_bucket(), folder, times.now, half))


KIND = JobKind(Export, _work)
