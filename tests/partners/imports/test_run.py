"""An import takes each row once, whatever happens. A dry run takes no row. An undo takes back exactly its import."""

import pytest

from chalicelib.jobs.model import JobState
from chalicelib.partners.imports import run
from chalicelib.partners.imports.model import Import
from chalicelib.petitions.model import Petition
from chalicelib.signatures.withdraw import withdraw
from tests.actors import NOW, Person, confirmed, identity_of, item_of, key_of, signed
from tests.fakes import FakeTables
from tests.importing import CSV, Importing, rows, run_stored_import
from tests.jobs.test_run import time_for
from tests.partnering import a_partner, receive, sent_of
from tests.partners.test_receive import count


def person(number: int) -> Person:
    return Person("Somebody", f"person{number}@mail.example")


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
    importing: Importing, tables: FakeTables, petition: Petition, people_known_here: None
) -> None:
    job = importing.file(MIXED_FILE)
    assert (job.state, job.expected, job.processed) == (JobState.DONE, 6, 6)
    assert row_counts(job) == (1, 2, 2, 1)
    assert [(each.row, each.field) for each in job.errors] == [(5, "email"), (7, "row")]
    assert [each.result.value for each in job.sample][:4] == ["accepted", "existing", "existing", "invalid"]
    assert count(tables, petition) == 2
    item = item_of(tables, petition, identity_of(petition, person(1)))
    assert (item["name"], item["channel"], item["source"]) == ("Person Nr B", "import", "partner-oak")
    assert importing.bucket.objects == {}
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
    importing: Importing, monkeypatch: pytest.MonkeyPatch, replacement: str | None, reason: str
) -> None:
    """The form of an upload works for an hour, so staff can use it again while the import runs."""
    monkeypatch.setattr(run, "ROWS_PER_STEP", 1)
    job = importing.stored(CSV + rows(1, 2, 3))
    assert run_stored_import(job, importing.process(job, "first"), time_for(2)).processed == 1
    del importing.bucket.objects[job.file]
    if replacement:
        importing.bucket.objects[job.file] = replacement.encode()
    failed = run_stored_import(job, importing.process(job, "second"), time_for(9))
    why = f"{reason}. 1 rows were processed before"
    assert (failed.state, failed.why) == (JobState.FAILED, why)
    assert count(importing.tables, importing.petition) == 1


def test_an_undo_takes_back_people_who_came_only_with_the_import(
    importing: Importing, tables: FakeTables, petition: Petition, people_known_here: None
) -> None:
    job = importing.file(CSV + rows(1, 2, 3, 5, 6))
    signed(tables, petition, person(3))
    receive(tables, petition, a_partner(tables, source="partner-elm"), sent_of(person(5), "elm:1"))
    assert count(tables, petition) == 5
    for _ in range(2):
        importing.undo(job)
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
    importing: Importing,
    tables: FakeTables,
    people_known_here: None,
    monkeypatch: pytest.MonkeyPatch,
    rows_per_step: int,
    steps_per_process: int,
) -> None:
    monkeypatch.setattr(run, "ROWS_PER_STEP", rows_per_step)
    stored = {key for key in tables.items if not key.pk.startswith("JOB#")}
    tried = importing.file(TWICE, steps_per_process, dry_run=True)
    assert {key for key in tables.items if not key.pk.startswith("JOB#")} == stored
    imported = importing.file(TWICE)
    assert row_counts(tried) == row_counts(imported) == (3, 4, 2, 2)
    assert [result.result for result in tried.sample] == [result.result for result in imported.sample]
    assert [(error.row, error.field, error.message) for error in tried.errors[1:]] == FOUND_TWICE
