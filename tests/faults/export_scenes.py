"""Scenes of exports. Faults in the middle of an export's work are in test_exporting."""

from functools import partial

from chalicelib.core import keys
from chalicelib.exports import worker
from chalicelib.jobs.model import JobState
from chalicelib.jobs.request import cancel
from tests.actors import NOW
from tests.exporting import an_export, request_export, store_export
from tests.fake_site import FakeSite, context, sqs_event
from tests.faults.public_scenes import with_bobs_token
from tests.faults.scenes import PETITION, Scene, assert_bucket_is_empty, assert_exact_counts, with_past_days
from tests.faults.staff_scenes import (
    assert_audit_entry,
    call,
)

EXPORTS_URL = f"/api/staff/petitions/{PETITION.slug}/exports"
WAITING_EXPORT = an_export()


def with_a_waiting_export(fake_site: FakeSite) -> None:
    with_bobs_token(fake_site)
    store_export(fake_site.tables, WAITING_EXPORT)


def assert_export_is_cancelled(fake_site: FakeSite) -> None:
    assert_audit_entry("export.cancelled", fake_site)
    assert fake_site.tables.items[keys.job("export", WAITING_EXPORT.job_id)]["state"] == JobState.CANCELLED


def with_a_requested_export(fake_site: FakeSite) -> None:
    with_past_days(fake_site)
    fake_site.scene_state.export = request_export(fake_site.tables, PETITION, fake_site.exports, columns=["name"])


def with_an_export_cancelled_after_its_upload(fake_site: FakeSite) -> None:
    with_a_requested_export(fake_site)
    cancel(fake_site.scene_state.export, NOW, fake_site.tables)
    fake_site.bucket.objects[f"files/{fake_site.scene_state.export.job_id}/signatures.csv"] = b""


def run_job(fake_site: FakeSite, end_state: JobState = JobState.DONE) -> bool:
    """Deliver the newest message and return whether the export ended in this state."""
    sent = len(fake_site.exports.messages)
    answer = worker.run_export(sqs_event(fake_site.exports.messages[-1:]), context())
    if answer["batchItemFailures"]:
        return False
    if len(fake_site.exports.messages) > sent:
        return False  # The export continues with the new message.
    item = fake_site.tables.items[keys.job("export", fake_site.scene_state.export.job_id)]
    return bool(item["state"] == end_state)


def assert_parts_are_deleted(fake_site: FakeSite) -> None:
    assert_exact_counts(fake_site)
    parts = [key for key in fake_site.bucket.objects if key.startswith("parts/")]
    assert parts == []


EXPORT_SCENES = [
    # 409 is a success too: an earlier request took effect, and the export runs.
    Scene("request_export", with_bobs_token, partial(call, "POST", EXPORTS_URL, 202, {"columns": ["name"]}, done=409),
          partial(assert_audit_entry, "export.requested")),
    Scene("cancel_export", with_a_waiting_export,
          partial(call, "DELETE", f"/api/staff/exports/{WAITING_EXPORT.job_id}", 200, None),
          assert_export_is_cancelled),
    Scene("run_export", with_a_requested_export, run_job, assert_parts_are_deleted),
    Scene("run_export", with_an_export_cancelled_after_its_upload, partial(run_job, end_state=JobState.CANCELLED),
          assert_bucket_is_empty),
]  # fmt: skip
