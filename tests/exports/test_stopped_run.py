"""An export that runs short of time, is cancelled, expires, or fails."""

import pyrage
import pytest

from chalicelib.core import keys
from chalicelib.core.errors import Unavailable
from chalicelib.exports import deliver
from chalicelib.exports.cover import CoverFacts, cover_sheet
from chalicelib.exports.gather import ExportContext
from chalicelib.jobs.model import JobState
from chalicelib.jobs.request import cancel
from chalicelib.petitions.model import Petition
from tests.actors import NOW
from tests.exporting import confirm_crowd, request_export, run_stored_export
from tests.exports.test_run import file_of, sorted_names
from tests.fakes import FakeBucket, FakeTables


def test_a_run_that_is_short_of_time_stops_after_a_part_and_the_next_continues(
    tables: FakeTables, petition: Petition, bucket: FakeBucket, context: ExportContext
) -> None:
    names = confirm_crowd(tables, petition, 10)
    export = request_export(tables, petition, columns=["name"])
    allowed = iter([True] * 40 + [False] * 2)
    half = run_stored_export(export, context, lambda _: next(allowed))
    assert half.state is JobState.RUNNING
    assert half.missing_buckets == keys.BUCKETS[40:]
    before = dict(bucket.objects)
    done = run_stored_export(export, context)
    assert sorted_names(file_of(done, bucket)) == sorted(names)
    assert len(before) == 40


def test_the_second_stage_waits_for_a_run_with_enough_time(
    tables: FakeTables, petition: Petition, context: ExportContext
) -> None:
    export = request_export(tables, petition)
    gathered = run_stored_export(export, context, lambda seconds: seconds <= 60)
    assert (gathered.state, gathered.missing_buckets) == (JobState.RUNNING, ())
    assert run_stored_export(export, context).state is JobState.DONE


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

    def cancel_and_make_sheet(facts: CoverFacts) -> bytes:
        uploaded.extend(key for key in bucket.objects if key.startswith("files/"))
        cancel(export, NOW, tables)
        return cover_sheet(facts)

    monkeypatch.setattr(deliver, "cover_sheet", cancel_and_make_sheet)
    assert run_stored_export(export, context).state is JobState.CANCELLED
    assert len(uploaded) == 1
    assert bucket.objects == {}


def test_a_failed_upload_loses_nothing(
    tables: FakeTables, petition: Petition, bucket: FakeBucket, context: ExportContext
) -> None:
    names = confirm_crowd(tables, petition, 5)
    export = request_export(tables, petition, columns=["name"])
    bucket.fail_next(Unavailable("files"))
    with pytest.raises(Unavailable):
        run_stored_export(export, context)
    done = run_stored_export(export, context)
    assert sorted_names(file_of(done, bucket)) == sorted(names)
