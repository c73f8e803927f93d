"""A person who withdraws during an export is not exported, and the export does not fail, even if they sign again."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from chalicelib.jobs.model import JobState
from chalicelib.petitions.model import Petition
from chalicelib.signatures.withdraw import withdraw
from tests.actors import ALICE, NOW, confirmed, key_of, signed
from tests.exporting import an_export_context, confirm_crowd, request_export, run_stored_export
from tests.exports.test_run import file_of, sorted_names
from tests.fakes import FakeBucket, FakeTables

SignAgain = Callable[[FakeTables, Petition], object]
LATER = NOW + timedelta(seconds=40)


@pytest.mark.parametrize(
    "sign_again",
    [
        lambda *_: None,
        lambda tables, petition: signed(tables, petition, ALICE, LATER),
        lambda tables, petition: confirmed(tables, petition, ALICE, LATER),
    ],
    ids=["withdrawn", "signed again", "confirmed again"],
)
def test_the_export_is_delivered_without_people_who_withdrew(
    tables: FakeTables, petition: Petition, tmp_path: Path, sign_again: SignAgain
) -> None:
    names = confirm_crowd(tables, petition, 3)
    alice = confirmed(tables, petition, ALICE, NOW - timedelta(hours=1))
    export = request_export(tables, petition, columns=["name"])
    withdraw(key_of(petition, alice), petition, NOW + timedelta(seconds=30), tables)
    sign_again(tables, petition)
    bucket = FakeBucket()
    done = run_stored_export(export, an_export_context(tables, bucket, tmp_path))
    assert done.state is JobState.DONE, done.why
    assert done.result
    assert sorted_names(file_of(done, bucket)) == sorted(names)
    assert (done.count_at_moment, done.result.gone) == (4, 1)
