"""Scenes of exports. Faults in the middle of an export's work are in test_exporting."""

from functools import partial

from chalicelib.core import keys
from chalicelib.jobs.model import JobState
from chalicelib.jobs.request import cancel
from chalicelib.runner.worker import run_job
from tests.actors import NOW
from tests.exporting import a_result, an_export, request_export, store_export
from tests.fake_site import FakeSite, context, sqs_event
from tests.faults.scenes import PETITION, Scene, assert_bucket_is_empty, assert_exact_counts, with_past_days
from tests.faults.staff_scenes import (
    assert_audit_entry,
    assert_audit_entry_of_refusal,
    call,
    invoke_staff_route,
    read,
    with_bobs_token,
)

EXPORTS_URL = f"/api/staff/petitions/{PETITION.slug}/exports"
WAITING_EXPORT = an_export()
FINISHED_EXPORT = an_export(state=JobState.DONE, result=a_result(finished_at=NOW))
EXPORT_URL = f"/api/staff/exports/{FINISHED_EXPORT.job_id}"


def with_a_finished_export(fake_site: FakeSite) -> None:
    with_bobs_token(fake_site)
    store_export(fake_site.tables, FINISHED_EXPORT)


def with_a_waiting_export(fake_site: FakeSite) -> None:
    with_bobs_token(fake_site)
    store_export(fake_site.tables, WAITING_EXPORT)


def assert_export_is_cancelled(fake_site: FakeSite) -> None:
    assert_audit_entry("export.cancelled", fake_site)
    assert fake_site.tables.items[keys.job("export", WAITING_EXPORT.job_id)]["state"] == JobState.CANCELLED


def with_a_requested_export(fake_site: FakeSite) -> None:
    with_past_days(fake_site)
    fake_site.scene_state.export = request_export(fake_site.tables, PETITION, fake_site.jobs, columns=["name"])


def with_an_export_cancelled_after_its_upload(fake_site: FakeSite) -> None:
    with_a_requested_export(fake_site)
    cancel(fake_site.scene_state.export, NOW, fake_site.tables)
    fake_site.bucket.objects[f"files/{fake_site.scene_state.export.job_id}/signatures.csv"] = b""


def with_an_export_in_progress(fake_site: FakeSite) -> None:
    with_bobs_token(fake_site)
    request_export(fake_site.tables, PETITION, fake_site.jobs, columns=["name"])


def run_export(fake_site: FakeSite, end_state: JobState = JobState.DONE) -> bool:
    """Deliver the newest message and return whether the export ended in this state."""
    sent = len(fake_site.jobs.messages)
    answer = run_job(sqs_event(fake_site.jobs.messages[-1:]), context())
    if answer["batchItemFailures"]:
        return False
    if len(fake_site.jobs.messages) > sent:
        return False  # The export continues with the new message.
    item = fake_site.tables.items[keys.job("export", fake_site.scene_state.export.job_id)]
    return bool(item["state"] == end_state)


def assert_parts_are_deleted(fake_site: FakeSite) -> None:
    assert_exact_counts(fake_site)
    parts = [key for key in fake_site.bucket.objects if key.startswith("parts/")]
    assert parts == []


def ask_for_export(fake_site: FakeSite) -> bool:
    """Request an export. 409 is a success too: the first request took effect, and the export runs."""
    try:
        return call("POST", EXPORTS_URL, 202, {"columns": ["name"]}, fake_site)
    except AssertionError:
        return call("POST", EXPORTS_URL, 409, {"columns": ["name"]}, fake_site)


EXPORT_SCENES = [
    Scene("request_export", with_bobs_token, ask_for_export, partial(assert_audit_entry, "export.requested")),
    Scene("request_export", with_an_export_in_progress, partial(call, "POST", EXPORTS_URL, 409, {"columns": ["name"]}),
          partial(assert_audit_entry_of_refusal, "export.requested")),
    Scene("cancel_export", with_a_waiting_export, partial(call, "DELETE", EXPORT_URL, 200, None),
          assert_export_is_cancelled),
    Scene("link_file", with_a_finished_export, partial(read, f"{EXPORT_URL}/file"),
          partial(assert_audit_entry, "export.fetched")),
    Scene("link_cover", with_a_finished_export, partial(read, f"{EXPORT_URL}/cover"),
          partial(assert_audit_entry, "export.fetched")),
    Scene("manage", with_a_finished_export,
          partial(invoke_staff_route, "manage", "/api/staff/petitions/{slug}/exports", EXPORTS_URL),
          assert_exact_counts),
    Scene("run_job", with_a_requested_export, run_export, assert_parts_are_deleted),
    Scene("run_job", with_an_export_cancelled_after_its_upload, partial(run_export, end_state=JobState.CANCELLED),
          assert_bucket_is_empty),
]  # fmt: skip
