"""Measure imports of many rows: rows a second, and the peak memory of the importing process.

The code is the product's, but the table is a fake in the same process. Its signatures are deleted before each step, so
that only the import's memory is measured. Its calls take no time. On AWS a row also waits for up to five calls, and
eight rows run at once.
"""

import os
import shutil
import sys
import tempfile
import time
from itertools import chain, repeat
from pathlib import Path
from typing import IO, Any

from benchmarks import scene
from benchmarks.memory import peak_bytes
from benchmarks.worker import measure_in_process, print_figures
from chalicelib.core import keys, times
from chalicelib.jobs.request import find_job, start
from chalicelib.jobs.run import run
from chalicelib.partners.imports.model import Import
from chalicelib.partners.imports.run import ImportWork
from chalicelib.partners.model import CountsWhen, Partner
from chalicelib.partners.receiving import ReceivingContext
from chalicelib.partners.register import create_partner
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.publish import publish
from chalicelib.signatures.sign import SigningContext
from tests.fakes import FakeBucket, FakeQueue, FakeTables

HEADINGS = "id,Email,First name,Last name,Postcode\n"
KEPT_PREFIXES = (keys.PETITIONS_PARTITION, "PARTNERS", "JOB#", "SLUGS", "TEXT#", "TALLY#", "SNAPSHOT#")


class FileBucket(FakeBucket):
    """A bucket with one object: the file `path`."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def copy_to(self, key: str, file: IO[bytes]) -> str:
        with self._path.open("rb") as content:
            shutil.copyfileobj(content, file)
        return "any"  # Stands for the hash of the content, which never changes here.

    def delete_under(self, prefix: str) -> None: ...


class ForgetfulImporting(ImportWork):
    """An import that first deletes, in each step, what the fake table keeps of earlier rows.

    These are signatures, receipts (which record that a partner sent a signature) and the names of calls.
    """

    def next_step(self, job: Import) -> Any:
        tables = self.receiving.tables
        assert isinstance(tables, FakeTables)
        tables.calls.clear()
        items = tables.items
        # Give the list no name: a name would keep the deleted keys in memory during the step.
        for key in list(items):
            if not key.pk.startswith(KEPT_PREFIXES):
                del items[key]
        return super().next_step(job)


def measure_import(rows: int, max_rows: int = sys.maxsize) -> dict[str, Any]:
    """Import a file of `rows` rows in a new process, until a step has reached `max_rows`. Return the figures."""
    return measure_in_process("benchmarks.importing", str(rows), str(max_rows))


def measure(rows: str, max_rows: str) -> dict[str, Any]:
    os.environ |= {**scene.AWS_SETTINGS, **scene.SETTINGS}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        _write_csv(path, int(rows))
        return _measure_file(path, Path(folder), int(max_rows))


def _write_csv(path: Path, rows: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADINGS)
        file.writelines(f"oak-{each},person{each}@mail.example,Person,Number {each},SW1A 1AA\n" for each in range(rows))


def _measure_file(path: Path, folder: Path, max_rows: int) -> dict[str, Any]:
    tables = FakeTables()
    job, receiving = _request_import(tables)
    work = ForgetfulImporting(receiving, FileBucket(path), folder, times.now, workers=1)
    # The first step only checks the file.
    memory_before, check_began_cpu = peak_bytes(), time.process_time()
    run(job, work, _one_step(), times.now, tables)
    rows_began, rows_began_cpu = time.perf_counter(), time.process_time()
    checked_job = find_job(Import, job.job_id, tables)
    done = run(checked_job, work, _until_rows(work, max_rows), times.now, tables)
    wall, cpu = time.perf_counter() - rows_began, time.process_time() - rows_began_cpu
    return {
        "rows": done.expected,
        "taken": done.processed,
        "accepted": done.accepted,
        "file_bytes": path.stat().st_size,
        "check_cpu_s": round(rows_began_cpu - check_began_cpu, 2),
        "rows_a_second": round(done.processed / wall),
        "rows_a_cpu_second": round(done.processed / cpu),
        "peak_mb": round(peak_bytes() / 1e6, 1),
        "peak_mb_before": round(memory_before / 1e6, 1),
    }


def _request_import(tables: FakeTables) -> tuple[Import, ReceivingContext]:
    """Publish the petition, register a partner, and request an import. None of its steps has run."""
    now = times.now()
    slug = publish(scene.sample_petition(), now, tables).slug
    oak = Partner(
        source="partner-oak", name="Oak", counts=CountsWhen.AT_ONCE, wording="I sign", version="1", created_at=now
    )
    create_partner(oak, tables)
    job = Import(
        job_id=f"{slug}.bench", requested_by="bench", requested_at=now, touched_at=now, partner=oak.source, file="x/y"
    )
    start(job, FakeQueue(), tables)
    context = SigningContext(tables, FakeQueue, {"v1": "a-secret-for-signature-ids"})
    return job, ReceivingContext(oak, petition_as_stored(slug, tables), "import", context, job.job_id)


def _one_step() -> Any:
    """Return an argument `has_time` for `run` that allows one step."""
    answers = chain([True], repeat(False))
    return lambda _: next(answers)


def _until_rows(work: ImportWork, max_rows: int) -> Any:
    """Return an argument `has_time` for `run` that allows steps until `max_rows` rows are read."""
    return lambda _: work._rows_read < max_rows


if __name__ == "__main__":
    print_figures(measure)
