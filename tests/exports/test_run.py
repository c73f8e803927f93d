"""An export from request to file: exact at one moment, and failed if it disagrees with the tally."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pyrage
import pytest

from chalicelib.core import keys
from chalicelib.core.keys import Key
from chalicelib.exports import run
from chalicelib.exports.cover import CoverFacts
from chalicelib.exports.model import Export, Totals
from chalicelib.exports.run import ExportContext, is_consistent
from chalicelib.jobs.model import JobState
from chalicelib.jobs.request import cancel
from chalicelib.petitions.model import Petition
from chalicelib.signatures.withdraw import take_back, withdraw
from tests.actors import ALICE, BOB, CHARLIE, NOW, confirmed, key_of, signed
from tests.exporting import an_export_context, confirm_crowd, request_export, rows_of, run_stored_export
from tests.fakes import FakeBucket, FakeTables

HOUR = timedelta(hours=1)


def file_of(export: Export, bucket: FakeBucket) -> bytes:
    assert export.result, export.why
    return bucket.objects[export.result.file]


def sorted_names(content: bytes) -> list[str]:
    """Return the names in a file of an export."""
    return sorted(row["name"] for row in rows_of(content))


def test_exactly_the_confirmed_signatures_are_exported(
    tables: FakeTables, petition: Petition, bucket: FakeBucket, context: ExportContext
) -> None:
    names = confirm_crowd(tables, petition, 30)
    signed(tables, petition, ALICE)
    done = run_stored_export(request_export(tables, petition, columns=["name", "confirmed_at"]), context)
    assert done.state is JobState.DONE
    rows = rows_of(file_of(done, bucket))
    assert sorted(row["name"] for row in rows) == sorted(names)
    assert {row["confirmed_at"] for row in rows} == {"2026-11-24T11:00:00Z"}
    assert done.result
    assert (done.result.rows, done.count_at_moment) == (30, 30)


def test_the_sha256_is_that_of_the_file_and_only_file_and_cover_remain(
    tables: FakeTables, petition: Petition, bucket: FakeBucket, context: ExportContext
) -> None:
    confirm_crowd(tables, petition, 3)
    done = run_stored_export(request_export(tables, petition), context)
    assert done.result
    assert hashlib.sha256(file_of(done, bucket)).hexdigest() == done.result.sha256
    assert bucket.objects.keys() == {done.result.file, done.result.cover}
    assert bucket.types[done.result.cover] == "application/pdf"
    assert bucket.objects[done.result.cover].startswith(b"%PDF")


def test_a_signature_confirmed_after_the_moment_is_not_exported(
    tables: FakeTables, petition: Petition, bucket: FakeBucket, context: ExportContext
) -> None:
    confirmed(tables, petition, ALICE, NOW - HOUR)
    confirmed(tables, petition, BOB, NOW)
    export = request_export(tables, petition, columns=["name"])
    confirmed(tables, petition, CHARLIE, NOW + timedelta(seconds=1))
    done = run_stored_export(export, context)
    assert {row["name"] for row in rows_of(file_of(done, bucket))} == {ALICE.name, BOB.name}
    assert done.totals.late == 1


def make_pending_again(key: Key, petition: Petition, now: datetime, tables: FakeTables) -> None:
    """Undo the import that made a signature of our own form count."""
    tables.items[key] |= {"by_partner": True, "also_came_with": {"r"}}
    assert take_back(key, "r", petition, now, tables)


def test_an_export_that_disagrees_with_the_tally_fails(
    tables: FakeTables, petition: Petition, bucket: FakeBucket, context: ExportContext
) -> None:
    identity = confirmed(tables, petition, ALICE, NOW - HOUR)
    confirmed(tables, petition, BOB, NOW - HOUR)
    del tables.items[keys.signature(petition.slug, identity)]
    failed = run_stored_export(request_export(tables, petition), context)
    assert failed.state is JobState.FAILED
    assert failed.why == "The count is 2 but we found 1, so nothing was exported. Ask your engineer for a recount"
    assert failed.result is None
    assert bucket.objects == {}


@pytest.mark.parametrize(
    ("expected_rows", "total", "expected"),
    [
        (5, Totals(rows=5), True),
        (6, Totals(rows=5), False),
        (6, Totals(rows=5, gone=1), True),
        (7, Totals(rows=5, gone=1), False),
        (6, Totals(rows=5, late=1), True),
        (4, Totals(rows=5), False),
        (4, Totals(rows=5, unsure=1), True),
        (3, Totals(rows=5, unsure=1), False),
    ],
)
def test_rows_and_tally_may_differ_only_by_late_unsure_and_gone(
    expected_rows: int, total: Totals, expected: bool
) -> None:
    assert is_consistent(expected_rows, total) is expected


def test_only_the_recipient_can_decrypt_the_file_and_their_key_is_removed_afterwards(
    tables: FakeTables, petition: Petition, bucket: FakeBucket, context: ExportContext
) -> None:
    names = confirm_crowd(tables, petition, 3)
    owner = pyrage.x25519.Identity.generate()
    export = request_export(tables, petition, recipient=str(owner.to_public()))
    done = run_stored_export(export, context)
    decrypted = pyrage.decrypt(file_of(done, bucket), [owner])
    assert sorted_names(decrypted) == sorted(names)
    assert done.recipient == str(owner.to_public())
    assert done.extension == ".csv.age"
    assert done.result
    assert bucket.types[done.result.file] == "application/octet-stream"


SignAgain = Callable[[FakeTables, Petition], object]
LATER = NOW + timedelta(seconds=40)


@pytest.mark.parametrize(
    ("leave", "sign_again"),
    [
        (withdraw, lambda *_: None),
        (make_pending_again, lambda *_: None),
        (withdraw, lambda tables, petition: signed(tables, petition, ALICE, LATER)),
        (withdraw, lambda tables, petition: confirmed(tables, petition, ALICE, LATER)),
    ],
    ids=["withdrawn", "pending again", "signed again", "confirmed again"],
)
def test_the_export_is_delivered_without_people_who_left(
    tables: FakeTables, petition: Petition, tmp_path: Path, leave: Callable[..., None], sign_again: SignAgain
) -> None:
    names = confirm_crowd(tables, petition, 3)
    alice = confirmed(tables, petition, ALICE, NOW - timedelta(hours=1))
    export = request_export(tables, petition, columns=["name"])
    leave(key_of(petition, alice), petition, NOW + timedelta(seconds=30), tables)
    sign_again(tables, petition)
    bucket = FakeBucket()
    done = run_stored_export(export, an_export_context(tables, bucket, tmp_path))
    assert done.state is JobState.DONE, done.why
    assert done.result
    assert sorted_names(file_of(done, bucket)) == sorted(names)
    assert (done.count_at_moment, done.result.gone) == (4, 1)


def test_a_cancelled_export_leaves_no_parts(
    tables: FakeTables, petition: Petition, bucket: FakeBucket, context: ExportContext
) -> None:
    confirm_crowd(tables, petition, 3)
    export = request_export(tables, petition, recipient=str(pyrage.x25519.Identity.generate().to_public()))
    run_stored_export(export, context, lambda seconds: seconds <= 60)
    assert bucket.objects
    cancel(export, NOW, tables)
    cancelled = run_stored_export(export, context)
    assert (cancelled.state, cancelled.result) == (JobState.CANCELLED, None)
    assert bucket.objects == {}
    assert request_export(tables, petition)


def test_an_export_cancelled_while_its_files_are_uploaded_leaves_no_file(
    tables: FakeTables, petition: Petition, context: ExportContext, bucket: FakeBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirm_crowd(tables, petition, 3)
    export = request_export(tables, petition)
    uploaded: list[str] = []

    def cancel_and_make_sheet(_: CoverFacts) -> bytes:
        uploaded.extend(key for key in bucket.objects if key.startswith("files/"))
        cancel(export, NOW, tables)
        return b"%PDF"

    monkeypatch.setattr(run, "cover_sheet", cancel_and_make_sheet)
    assert run_stored_export(export, context).state is JobState.CANCELLED
    assert len(uploaded) == 1
    assert bucket.objects == {}
