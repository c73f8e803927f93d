"""An import with a fault at any of its calls: a later run takes each row once."""

from contextlib import suppress
from pathlib import Path

import pytest

from chalicelib.core.errors import PetitionsError
from chalicelib.jobs.model import JobState
from chalicelib.partners.imports import run as run_module
from chalicelib.partners.imports.model import Import
from chalicelib.petitions.model import Petition
from tests.actors import a_published_petition
from tests.fakes import FakeBucket, FakeTables
from tests.faults.injection import Fault, Injection, Killed, restore
from tests.importing import CSV, an_import, an_import_run, rows, run_stored_import
from tests.partnering import a_partner
from tests.partners.test_receive import count

pytestmark = pytest.mark.faults


@pytest.mark.parametrize(("fault", "is_undo"), [(fault, undo) for fault in Fault for undo in (False, True)])
def test_after_a_fault_at_any_call_every_row_counts_once(
    tables: FakeTables,
    petition: Petition,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
    is_undo: bool,
) -> None:
    monkeypatch.setattr(run_module, "ROWS_PER_STEP", 2)
    monkeypatch.setattr(run_module, "RECEIPTS_PER_STEP", 2)
    monkeypatch.setattr("chalicelib.core.keys.BUCKETS", ("00", "01"))
    bucket, oak = FakeBucket(), a_partner(tables)

    def run_job(job: Import, folder: str) -> Import:
        return run_stored_import(job, an_import_run(tables, bucket, petition, oak, job, tmp_path / folder))

    call_number = 0
    while True:
        tables.items.clear()
        bucket.objects.clear()
        a_published_petition(tables)
        a_partner(tables)
        job = an_import(tables, bucket, oak, CSV + rows(1, 2, 3))
        if is_undo:
            job = run_job(job, f"{call_number}")
            job = an_import(tables, bucket, oak, "", undoes=job.job_id)
        injection = Injection({call_number: fault})
        injection.into(tables, bucket)
        with suppress(Killed, PetitionsError):  # The worker puts a new message for the job into its queue.
            run_job(job, f"{call_number}-1")
        restore(tables, bucket)
        done = run_job(job, f"{call_number}-2")
        assert done.state is JobState.DONE
        assert count(tables, petition) == (0 if is_undo else 3)
        if not is_undo:
            counts = (done.accepted, done.existing, done.invalid, done.suppressed)
            assert counts == (3, 0, 0, 0), (call_number, injection.met)
        if not injection.met:
            return
        call_number += 1
