"""After any two faults during an export, redelivery produces one complete file and deletes its parts."""

from contextlib import suppress
from pathlib import Path

import pytest

from chalicelib.core import keys
from chalicelib.core.errors import NotYet, Unavailable
from chalicelib.exports.model import Export
from chalicelib.jobs.model import JobState
from chalicelib.jobs.request import find_job
from tests.actors import a_published_petition
from tests.exporting import an_export_context, confirm_crowd, request_export, rows_of, run_stored_export, store_export
from tests.fakes import FakeBucket, FakeTables
from tests.faults.injection import Fault, Faults, Injection, Killed, restore

pytestmark = pytest.mark.faults


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    # Typesetting a cover sheet takes a quarter of a second and makes no AWS call.
    monkeypatch.setattr("chalicelib.exports.run.cover_sheet", lambda _: b"%PDF")


def export_with_faults(folder: Path, faults: Faults) -> tuple[Injection, FakeBucket]:
    """Run an export and redeliver its message until it ends. Return the calls, and the bucket."""
    tables, bucket = FakeTables(), FakeBucket()
    petition = a_published_petition(tables)
    names = confirm_crowd(tables, petition, 4)
    export = request_export(tables, petition, columns=["name"])
    injection = Injection(faults)
    injection.into(tables, bucket)
    for _ in range(len(faults) + 1):
        with suppress(Killed, Unavailable, NotYet):
            run_stored_export(export, an_export_context(tables, bucket, folder))
    restore(tables, bucket)
    done = find_job(Export, export.job_id, tables)
    assert done.state is JobState.DONE, done.why
    assert done.result
    assert names_in(bucket.objects[done.result.file]) == sorted(names)
    return injection, bucket


def names_in(file: bytes) -> list[str]:
    return sorted(row["name"] for row in rows_of(file))


def test_an_export_without_faults_makes_few_calls_for_each_part(tmp_path: Path) -> None:
    made, _ = export_with_faults(tmp_path, {})
    assert len(made.sites) <= len(keys.BUCKETS) * 4 + 7


@pytest.mark.parametrize("second", [1, 2, 5])
def test_after_two_faults_the_file_is_complete(tmp_path: Path, second: int) -> None:
    made, _ = export_with_faults(tmp_path, {})
    for number in range(len(made.sites)):
        export_with_faults(tmp_path, {number: Fault.KILLED_AFTER, number + second: Fault.KILLED_BEFORE})


def test_two_workers_at_the_same_export_deliver_one_file(tmp_path: Path) -> None:
    """A message may be delivered twice. The second worker finds each part that the first has written."""
    tables, bucket = FakeTables(), FakeBucket()
    petition = a_published_petition(tables)
    names = confirm_crowd(tables, petition, 6)
    export = request_export(tables, petition, columns=["name"])
    (tmp_path / "other").mkdir()

    def run_the_other_worker(_: float) -> bool:
        run_stored_export(export, an_export_context(tables, bucket, tmp_path / "other"))
        return True

    done = run_stored_export(export, an_export_context(tables, bucket, tmp_path), run_the_other_worker)
    assert done.result
    assert names_in(bucket.objects[done.result.file]) == sorted(names)
    assert store_export(tables, done) == done
