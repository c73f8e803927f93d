"""An import takes each row once, whatever happens. A dry run takes no row. An undo takes back exactly its import."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chalicelib.jobs.model import JobState
from chalicelib.partners.imports import run
from chalicelib.partners.imports.model import Import
from chalicelib.partners.model import Partner
from chalicelib.petitions.model import Petition
from chalicelib.signatures.withdraw import withdraw
from tests.actors import NOW, Person, confirmed, identity_of, item_of, key_of, signed
from tests.fakes import FakeBucket, FakeTables
from tests.importing import CSV, an_import, an_import_run, rows, run_stored_import
from tests.jobs.test_run import time_for
from tests.partnering import a_partner, receive, sent_of
from tests.partners.test_receive import count

ImportFile = Callable[..., Import]


def person(number: int) -> Person:
    return Person("Somebody", f"person{number}@mail.example")


@pytest.fixture
def bucket() -> FakeBucket:
    return FakeBucket()


@pytest.fixture
def import_file(tables: FakeTables, bucket: FakeBucket, petition: Petition, oak: Partner, tmp_path: Path) -> ImportFile:
    def run_import(content: bytes | str, steps_per_process: int = 99, **more: Any) -> Import:
        job = an_import(tables, bucket, oak, content, **more)
        for process in range(99):
            importing = an_import_run(tables, bucket, petition, oak, job, tmp_path / f"{job.job_id}-{process}")
            after = run_stored_import(job, importing, time_for(steps_per_process))
            if not after.is_open:
                break
        return after

    return run_import


def row_counts(job: Import) -> tuple[int, int, int, int]:
    return job.accepted, job.existing, job.invalid, job.suppressed


MIXED_FILE = CSV + rows(1, 2) + rows(1) + "oak-3,no address,A,B,\n" + rows(4) + "oak-5,person5@mail.example\n"


@pytest.fixture
def people_known_here(tables: FakeTables, petition: Petition) -> None:
    """Person 2 has signed here, and person 4 has withdrawn here."""
    confirmed(tables, petition, person(2))
    identity = confirmed(tables, petition, person(4))
    withdraw(key_of(petition, identity), petition, NOW, tables)


def test_each_row_has_its_result_and_the_file_and_every_name_are_deleted(
    import_file: ImportFile, tables: FakeTables, bucket: FakeBucket, petition: Petition, people_known_here: None
) -> None:
    job = import_file(MIXED_FILE)
    assert (job.state, job.expected, job.processed) == (JobState.DONE, 6, 6)
    assert row_counts(job) == (1, 2, 2, 1)
    assert [(each.row, each.field) for each in job.errors] == [(5, "email"), (7, "row")]
    assert [each.result.value for each in job.sample][:4] == ["accepted", "existing", "existing", "invalid"]
    assert count(tables, petition) == 2
    item = item_of(tables, petition, identity_of(petition, person(1)))
    assert (item["name"], item["channel"], item["source"]) == ("Person Nr B", "import", "partner-oak")
    assert bucket.objects == {}
    stored_jobs = [item for key, item in tables.items.items() if key.pk.startswith("JOB#")]
    assert "mail.example" not in repr(stored_jobs)
    assert "Person" not in repr(job)


@pytest.mark.parametrize(
    ("replacement", "reason"),
    [
        (CSV + rows(4), "The file was replaced after it was checked"),
        (CSV + rows(4, 5, 6, 7), "The file was replaced after it was checked"),
        (None, "The file was not uploaded, or is no longer there"),
    ],
)
def test_an_import_fails_if_its_file_is_replaced_or_deleted_after_the_check(
    tables: FakeTables,
    bucket: FakeBucket,
    petition: Petition,
    oak: Partner,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    replacement: str | None,
    reason: str,
) -> None:
    """The form of an upload works for an hour, so staff can use it again while the import runs."""
    monkeypatch.setattr(run, "ROWS_PER_STEP", 1)
    job = an_import(tables, bucket, oak, CSV + rows(1, 2, 3))
    first, second = (an_import_run(tables, bucket, petition, oak, job, tmp_path / name) for name in "ab")
    assert run_stored_import(job, first, time_for(2)).processed == 1
    del bucket.objects[job.file]
    if replacement:
        bucket.objects[job.file] = replacement.encode()
    failed = run_stored_import(job, second, time_for(9))
    why = f"{reason}. 1 rows were processed before"
    assert (failed.state, failed.why, count(tables, petition)) == (JobState.FAILED, why, 1)


def test_an_undo_takes_back_people_who_came_only_with_the_import(
    import_file: ImportFile, tables: FakeTables, petition: Petition, oak: Partner, people_known_here: None
) -> None:
    job = import_file(CSV + rows(1, 2, 3, 5, 6))
    signed(tables, petition, person(3))
    receive(tables, petition, a_partner(tables, source="partner-elm"), sent_of(person(5), "elm:1"))
    assert count(tables, petition) == 5
    for _ in range(2):
        undo = import_file("", undoes=job.job_id)
        assert undo.state is JobState.DONE
    assert count(tables, petition) == 2
    still_confirmed = []
    for number in range(1, 7):
        identity = identity_of(petition, person(number))
        if item_of(tables, petition, identity)["state"] == "confirmed":
            still_confirmed.append(number)
    assert still_confirmed == [2, 5]
    assert item_of(tables, petition, identity_of(petition, person(3)))["state"] == "pending", "not confirmed yet"


TWICE = (
    CSV
    + "oak-1,no address,A,B,\n"  # Row 2: this person is not taken here.
    + rows(1, 2, 3)
    + rows(1)  # Row 6: the same row again.
    + rows(2).replace("oak-2", "oak-9").replace("person2", "Person2+x")  # Row 7: another identifier.
    + rows(6).replace("oak-6", "oak-3")  # Row 8: an identifier of somebody else.
    + rows(4).replace("oak-4", "oak-8")  # Row 9: withdrawn here, and below too.
    + rows(4, 5)
    + "oak-5,person5@mail.example,A,B,\n"
)
FOUND_TWICE = [
    (6, "email", "This is the same person as row 3"),
    (7, "email", "This is the same person as row 4"),
    (8, "identifier", "This identifier was sent before with another email address"),
    (12, "email", "This is the same person as row 11"),
]


@pytest.mark.parametrize("rows_per_step", [240, 3, 1])
@pytest.mark.parametrize("steps_per_process", [99, 1])
def test_a_dry_run_stores_nothing_counts_as_the_import_and_names_people_who_are_in_the_file_twice(
    import_file: ImportFile,
    tables: FakeTables,
    people_known_here: None,
    monkeypatch: pytest.MonkeyPatch,
    rows_per_step: int,
    steps_per_process: int,
) -> None:
    monkeypatch.setattr(run, "ROWS_PER_STEP", rows_per_step)
    stored = {key for key in tables.items if not key.pk.startswith("JOB#")}
    tried = import_file(TWICE, steps_per_process, dry_run=True)
    assert {key for key in tables.items if not key.pk.startswith("JOB#")} == stored
    imported = import_file(TWICE)
    assert row_counts(tried) == row_counts(imported) == (3, 4, 2, 2)
    assert [result.result for result in tried.sample] == [result.result for result in imported.sample]
    assert [(error.row, error.field, error.message) for error in tried.errors[1:]] == FOUND_TWICE
