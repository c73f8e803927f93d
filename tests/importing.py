"""Helpers for tests of imports: a file in the bucket, its job, and a run of it."""

from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from string import ascii_uppercase
from typing import Any

from chalicelib.jobs.model import HasTime, JobState
from chalicelib.jobs.request import find_job, start
from chalicelib.jobs.run import run
from chalicelib.partners.imports.file import file_key
from chalicelib.partners.imports.model import Import
from chalicelib.partners.imports.run import ImportWork
from chalicelib.partners.model import Partner
from chalicelib.partners.receiving import ReceivingContext
from chalicelib.petitions.model import Petition
from tests.actors import NOW, a_signing_context
from tests.fakes import FakeBucket, FakeQueue, FakeTables
from tests.jobs.test_run import time_for

CSV = "id,Email,First name,Last name,Postcode\n"


def rows(*numbers: int) -> str:
    """Return one row for each number. Person 1 has identifier oak-1, and so on."""
    lines = ""
    for number in numbers:
        letter = ascii_uppercase[number % 26]
        lines += f"oak-{number},person{number}@mail.example,Person,Nr {letter},\n"
    return lines


def an_import(tables: FakeTables, bucket: FakeBucket, partner: Partner, content: bytes | str, **more: Any) -> Import:
    """Store a file and a waiting import of it, and return the import."""
    number = len([key for key in tables.items if key.pk.startswith("JOB#import")])
    job = Import(
        job_id=f"safe-children.20261124T120000Z-{number:08}",
        requested_by="bob",
        requested_at=NOW,
        touched_at=NOW,
        partner=partner.source,
        **more,
    )
    job = job.model_copy(update={"file": file_key(job.slug, str(number))})
    bucket.objects[job.file] = content.encode() if isinstance(content, str) else content
    start(job, FakeQueue(), tables)
    return job


def an_import_run(
    tables: FakeTables, bucket: FakeBucket, petition: Petition, partner: Partner, job: Import, folder: Path
) -> ImportWork:
    """Return the worker's part of an import: it reads the job's file in the bucket and works in the folder."""
    receiving = ReceivingContext(partner, petition, "import", a_signing_context(tables), job.undoes or job.job_id)
    folder.mkdir(exist_ok=True)
    return ImportWork(receiving, bucket, folder, lambda: NOW, workers=1)


def run_stored_import(job: Import, importing: ImportWork, has_time: HasTime = lambda _: True) -> Import:
    """Run the stored import as the worker does, and return it as stored then."""
    tables = importing.receiving.tables
    return run(find_job(Import, job.job_id, tables), importing, has_time, lambda: NOW, tables)


@dataclass(frozen=True)
class Importing:
    """Imports a partner's files."""

    tables: FakeTables
    bucket: FakeBucket
    petition: Petition
    partner: Partner
    folder: Path

    def stored(self, content: bytes | str, **more: Any) -> Import:
        return an_import(self.tables, self.bucket, self.partner, content, **more)

    def process(self, job: Import, name: object) -> ImportWork:
        """Return a process that works on the import, on a machine of its own."""
        folder = self.folder / f"{job.job_id}-{name}"
        return an_import_run(self.tables, self.bucket, self.petition, self.partner, job, folder)

    def run(self, job: Import, steps_per_process: int = 99) -> Import:
        """Let two processes take turns, as when SQS delivers one message to both."""
        for process in cycle([self.process(job, name) for name in ("one", "two")]):
            if not job.is_open:
                break
            job = run_stored_import(job, process, time_for(steps_per_process))
        return job

    def file(self, content: bytes | str, steps_per_process: int = 99, **more: Any) -> Import:
        return self.run(self.stored(content, **more), steps_per_process)

    def undo(self, job: Import) -> int:
        """Undo the import, and return how many signatures were taken back."""
        undone = self.file("", undoes=job.job_id)
        assert undone.state is JobState.DONE
        return undone.accepted
