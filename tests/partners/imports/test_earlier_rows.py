"""A dry run counts as the import does, also people who are in the file twice, whoever continues it."""

import pytest

from chalicelib.partners.imports import run
from tests.importing import CSV, rows
from tests.partners.imports.test_run import (  # noqa: F401  (fixtures)
    ImportFile,
    bucket,
    import_file,
    oak,
    people_known_here,
    row_counts,
)

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
def test_a_dry_run_counts_as_the_import_and_names_people_who_are_in_the_file_twice(
    import_file: ImportFile,  # noqa: F811
    people_known_here: None,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    rows_per_step: int,
    steps_per_process: int,
) -> None:
    monkeypatch.setattr(run, "ROWS_PER_STEP", rows_per_step)
    tried = import_file(TWICE, steps_per_process, dry_run=True)
    imported = import_file(TWICE)
    assert row_counts(tried) == row_counts(imported) == (3, 4, 2, 2)
    assert [result.result for result in tried.sample] == [result.result for result in imported.sample]
    assert [(error.row, error.field, error.message) for error in tried.errors[1:]] == FOUND_TWICE
