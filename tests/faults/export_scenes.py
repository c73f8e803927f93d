"""Scenes of exports. Faults in the middle of an export's work are in test_exporting."""

from functools import partial
from types import SimpleNamespace

from chalicelib.core import keys
from chalicelib.exports import worker
from chalicelib.jobs.model import JobState
from chalicelib.jobs.request import cancel
from tests.actors import NOW
from tests.exporting import a_result, an_export, request_export, store_export
from tests.fake_site import FakeSite, sqs_event
from tests.faults.scenes import PETITION, Scene, counted_days_ago, counted_right
from tests.faults.staff_scenes import as_function_of, bob_may_all, call, is_in_the_trail, is_refused_in_the_trail, read

OF_PETITION = f"/api/staff/petitions/{PETITION.slug}/exports"
WAITING = an_export()
DONE = an_export(state=JobState.DONE, result=a_result(finished_at=NOW))
ONE = f"/api/staff/exports/{DONE.job_id}"


def a_finished_export(fake_site: FakeSite) -> None:
    bob_may_all(fake_site)
    store_export(fake_site.tables, DONE)


def an_export_that_waits(fake_site: FakeSite) -> None:
    bob_may_all(fake_site)
    store_export(fake_site.tables, WAITING)


def is_cancelled(fake_site: FakeSite) -> None:
    is_in_the_trail("export.cancelled", fake_site)
    assert fake_site.tables.items[keys.job("export", WAITING.job_id)]["state"] == JobState.CANCELLED


def a_requested_export(fake_site: FakeSite) -> None:
    counted_days_ago(fake_site)
    fake_site.job = request_export(fake_site.tables, PETITION, fake_site.exports, columns=["name"])  # type: ignore[attr-defined]


def an_export_cancelled_after_its_upload(fake_site: FakeSite) -> None:
    a_requested_export(fake_site)
    cancel(fake_site.job, NOW, fake_site.tables)  # type: ignore[attr-defined]
    fake_site.bucket.objects[f"files/{fake_site.job.job_id}/signatures.csv"] = b""  # type: ignore[attr-defined]


def an_export_in_progress(fake_site: FakeSite) -> None:
    bob_may_all(fake_site)
    request_export(fake_site.tables, PETITION, fake_site.exports, columns=["name"])


def run_job(fake_site: FakeSite, end: JobState = JobState.DONE) -> bool:
    """Deliver the newest message and return whether the export has this end."""
    left = SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: 900_000)
    sent = len(fake_site.exports.messages)
    if worker.run_export(sqs_event(fake_site.exports.messages[-1:]), left)["batchItemFailures"]:
        return False
    if len(fake_site.exports.messages) > sent:
        return False  # The export continues with the new message.
    item = fake_site.tables.items[keys.job("export", fake_site.job.job_id)]  # type: ignore[attr-defined]
    return bool(item["state"] == end)


def is_exported(fake_site: FakeSite) -> None:
    counted_right(fake_site)
    assert not [key for key in fake_site.bucket.objects if key.startswith("parts/")]


def is_tidy(fake_site: FakeSite) -> None:
    assert not fake_site.bucket.objects


def request(fake_site: FakeSite) -> bool:
    """Request an export. 409 is good too: the first request took effect, and the export runs."""
    try:
        return call("POST", OF_PETITION, 202, {"columns": ["name"]}, fake_site)
    except AssertionError:
        return call("POST", OF_PETITION, 409, {"columns": ["name"]}, fake_site)


EXPORT_SCENES = [
    Scene("request_export", bob_may_all, request, partial(is_in_the_trail, "export.requested")),
    Scene("request_export", an_export_in_progress, partial(call, "POST", OF_PETITION, 409, {"columns": ["name"]}),
          partial(is_refused_in_the_trail, "export.requested")),
    Scene("list_exports", a_finished_export, partial(read, OF_PETITION), counted_right),
    Scene("read_export", a_finished_export, partial(read, ONE), counted_right),
    Scene("cancel_export", an_export_that_waits, partial(call, "DELETE", ONE, 200, None), is_cancelled),
    Scene("link_file", a_finished_export, partial(read, f"{ONE}/file"), partial(is_in_the_trail, "export.fetched")),
    Scene("link_cover", a_finished_export, partial(read, f"{ONE}/cover"), partial(is_in_the_trail, "export.fetched")),
    Scene("exports", a_finished_export,
          partial(as_function_of, "exports", "/api/staff/petitions/{slug}/exports", OF_PETITION), counted_right),
    Scene("run_export", a_requested_export, run_job, is_exported),
    Scene("run_export", an_export_cancelled_after_its_upload, partial(run_job, end=JobState.CANCELLED), is_tidy),
]  # fmt: skip
