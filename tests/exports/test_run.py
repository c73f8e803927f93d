"""An export from request to file: exact at one moment, and failed if it disagrees with the tally."""

import hashlib
from datetime import timedelta
from pathlib import Path

import pyrage
import pytest

from chalicelib.core import keys
from chalicelib.core.errors import Unavailable
from chalicelib.exports import deliver
from chalicelib.exports.cover import CoverFacts, cover_sheet
from chalicelib.exports.deliver import agrees
from chalicelib.exports.gather import ExportContext
from chalicelib.exports.model import Export, Totals
from chalicelib.jobs.model import JobState
from chalicelib.jobs.request import cancel, find_job
from chalicelib.petitions.model import Petition
from chalicelib.signatures.withdraw import withdraw
from tests.actors import ALICE, BOB, CHARLIE, DAY, NOW, change_item, confirmed, key_of, signed
from tests.exporting import a_crowd, a_desk, an_export, asked_for, kept, rows_of, worked_on
from tests.fakes import FakeBucket, FakeTables

HOUR = timedelta(hours=1)


@pytest.fixture
def bucket() -> FakeBucket:
    return FakeBucket()


@pytest.fixture
def context(tables: FakeTables, bucket: FakeBucket, tmp_path: Path) -> ExportContext:
    return a_desk(tables, bucket, tmp_path)


def file_of(export: Export, bucket: FakeBucket) -> bytes:
    assert export.result, export.why
    return bucket.objects[export.result.file]


def test_exactly_the_confirmed_signatures_are_exported(
    tables: FakeTables, petition: Petition, bucket: FakeBucket, context: ExportContext
) -> None:
    names = a_crowd(tables, petition, 30)
    signed(tables, petition, ALICE)
    done = worked_on(asked_for(tables, petition, columns=["name", "confirmed_at"]), context)
    assert done.state is JobState.DONE
    rows = rows_of(file_of(done, bucket))
    assert sorted(row["name"] for row in rows) == sorted(names)
    assert {row["confirmed_at"] for row in rows} == {"2026-11-24T11:00:00Z"}
    assert done.result
    assert (done.result.rows, done.counted) == (30, 30)


def test_the_digest_is_of_the_file_and_only_file_and_cover_remain(
    tables: FakeTables, petition: Petition, bucket: FakeBucket, context: ExportContext
) -> None:
    a_crowd(tables, petition, 3)
    done = worked_on(asked_for(tables, petition), context)
    assert done.result
    assert hashlib.sha256(file_of(done, bucket)).hexdigest() == done.result.sha256
    assert bucket.objects.keys() == {done.result.file, done.result.cover}
    assert bucket.types[done.result.cover] == "application/pdf"
    assert bucket.objects[done.result.cover].startswith(b"%PDF")


def test_without_confirmed_signatures_the_file_has_only_its_heading(
    tables: FakeTables, petition: Petition, bucket: FakeBucket, context: ExportContext
) -> None:
    done = worked_on(asked_for(tables, petition), context)
    assert rows_of(file_of(done, bucket)) == []
    assert done.result
    assert done.result.rows == 0


def test_the_confirmed_name_is_exported_and_formulas_are_escaped_in_csv(
    tables: FakeTables, petition: Petition, bucket: FakeBucket, context: ExportContext
) -> None:
    identity = confirmed(tables, petition, ALICE, NOW - HOUR)
    change_item(tables, petition, identity, name="=Alice")
    done = worked_on(asked_for(tables, petition, format="ndjson", columns=["name"]), context)
    assert rows_of(file_of(done, bucket), "ndjson") == [{"name": "=Alice"}]
    again = worked_on(asked_for(tables, petition, columns=["name"]), context)
    assert b'\r\n"\'=Alice"\r\n' in file_of(again, bucket)


def test_a_signature_confirmed_after_the_moment_is_not_exported(
    tables: FakeTables, petition: Petition, bucket: FakeBucket, context: ExportContext
) -> None:
    confirmed(tables, petition, ALICE, NOW - HOUR)
    confirmed(tables, petition, BOB, NOW)
    export = asked_for(tables, petition, columns=["name"])
    confirmed(tables, petition, CHARLIE, NOW + timedelta(seconds=1))
    done = worked_on(export, context)
    assert {row["name"] for row in rows_of(file_of(done, bucket))} == {ALICE.name, BOB.name}


def test_a_signature_withdrawn_after_the_moment_is_not_exported_and_is_counted_as_gone(
    tables: FakeTables, petition: Petition, bucket: FakeBucket, context: ExportContext
) -> None:
    identity = confirmed(tables, petition, ALICE, NOW - HOUR)
    confirmed(tables, petition, BOB, NOW - HOUR)
    export = asked_for(tables, petition, columns=["name"])
    withdraw(key_of(petition, identity), petition, NOW + timedelta(seconds=5), tables)
    done = worked_on(export, context)
    assert [row["name"] for row in rows_of(file_of(done, bucket))] == [BOB.name]
    assert done.result
    assert (done.counted, done.result.rows, done.result.gone) == (2, 1, 1)


def test_an_export_that_disagrees_with_the_tally_fails(
    tables: FakeTables, petition: Petition, bucket: FakeBucket, context: ExportContext
) -> None:
    identity = confirmed(tables, petition, ALICE, NOW - HOUR)
    confirmed(tables, petition, BOB, NOW - HOUR)
    del tables.items[keys.signature(petition.slug, identity)]
    failed = worked_on(asked_for(tables, petition), context)
    assert failed.state is JobState.FAILED
    assert failed.why == "The count is 2 but we found 1, so nothing was exported. Ask your engineer for a recount"
    assert failed.result is None
    assert bucket.objects == {}


@pytest.mark.parametrize(
    ("counted", "total", "expected"),
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
def test_rows_and_tally_may_differ_only_by_late_unsure_and_gone(counted: int, total: Totals, expected: bool) -> None:
    assert agrees(counted, total) is expected


def test_only_the_recipient_can_decrypt_the_file_and_their_key_is_removed_afterwards(
    tables: FakeTables, petition: Petition, bucket: FakeBucket, context: ExportContext
) -> None:
    names = a_crowd(tables, petition, 3)
    owner = pyrage.x25519.Identity.generate()
    export = asked_for(tables, petition, recipient=str(owner.to_public()))
    done = worked_on(export, context)
    decrypted = pyrage.decrypt(file_of(done, bucket), [owner])
    assert sorted(row["name"] for row in rows_of(decrypted)) == sorted(names)
    assert (done.recipient, done.recipient_key) == (str(owner.to_public()), None)
    assert done.extension == ".csv.age"
    assert bucket.types[done.result.file if done.result else ""] == "application/octet-stream"


def test_a_run_that_is_short_of_time_stops_after_a_part_and_the_next_continues(
    tables: FakeTables, petition: Petition, bucket: FakeBucket, context: ExportContext
) -> None:
    names = a_crowd(tables, petition, 10)
    export = asked_for(tables, petition, columns=["name"])
    allowed = iter([True] * 40 + [False] * 2)
    half = worked_on(export, context, lambda _: next(allowed))
    assert half.state is JobState.RUNNING
    assert half.missing == keys.BUCKETS[40:]
    before = dict(bucket.objects)
    done = worked_on(export, context)
    assert sorted(row["name"] for row in rows_of(file_of(done, bucket))) == sorted(names)
    assert len(before) == 40


def test_the_second_stage_waits_for_a_run_with_enough_time(
    tables: FakeTables, petition: Petition, context: ExportContext
) -> None:
    export = asked_for(tables, petition)
    gathered = worked_on(export, context, lambda seconds: seconds <= 60)
    assert (gathered.state, gathered.missing) == (JobState.RUNNING, ())
    assert worked_on(export, context).state is JobState.DONE


def test_a_key_that_no_longer_works_fails_the_export_with_a_reason(
    tables: FakeTables, petition: Petition, context: ExportContext
) -> None:
    owner = str(pyrage.x25519.Identity.generate().to_public())
    export = asked_for(tables, petition, recipient=owner)
    damaged = find_job(Export, export.job_id, tables).model_copy(update={"recipient_key": "age1damaged"})
    kept(tables, damaged)
    failed = worked_on(export, context)
    assert failed.state is JobState.FAILED
    assert failed.why is not None
    assert "age public key" in failed.why


def test_an_export_expires_after_seven_days() -> None:
    done = an_export(state="done")
    assert done.state_at(NOW + 7 * DAY - HOUR) is JobState.DONE
    assert done.state_at(NOW + 7 * DAY) is JobState.EXPIRED


def test_a_cancelled_export_leaves_no_parts_and_no_key(
    tables: FakeTables, petition: Petition, bucket: FakeBucket, context: ExportContext
) -> None:
    a_crowd(tables, petition, 3)
    export = asked_for(tables, petition, recipient=str(pyrage.x25519.Identity.generate().to_public()))
    worked_on(export, context, lambda seconds: seconds <= 60)
    assert bucket.objects
    cancel(export, NOW, tables)
    cancelled = worked_on(export, context)
    assert (cancelled.state, cancelled.recipient_key, cancelled.result) == (JobState.CANCELLED, None, None)
    assert bucket.objects == {}
    assert asked_for(tables, petition)


def test_an_export_cancelled_while_its_files_are_uploaded_leaves_no_file(
    tables: FakeTables, petition: Petition, context: ExportContext, bucket: FakeBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_crowd(tables, petition, 3)
    export = asked_for(tables, petition)
    uploaded: list[str] = []

    def cancelled_then_sheet(facts: CoverFacts) -> bytes:
        uploaded.extend(key for key in bucket.objects if key.startswith("files/"))
        cancel(export, NOW, tables)
        return cover_sheet(facts)

    monkeypatch.setattr(deliver, "cover_sheet", cancelled_then_sheet)
    assert worked_on(export, context).state is JobState.CANCELLED
    assert len(uploaded) == 1
    assert bucket.objects == {}


def test_a_failed_upload_loses_nothing(
    tables: FakeTables, petition: Petition, bucket: FakeBucket, context: ExportContext
) -> None:
    names = a_crowd(tables, petition, 5)
    export = asked_for(tables, petition, columns=["name"])
    bucket.fail_next(Unavailable("files"))
    with pytest.raises(Unavailable):
        worked_on(export, context)
    done = worked_on(export, context)
    assert sorted(row["name"] for row in rows_of(file_of(done, bucket))) == sorted(names)
