"""Scenes of lists of the people who asked for updates."""

from functools import partial

from chalicelib.core import keys
from chalicelib.exports.subscribers.request import OptInList
from chalicelib.jobs.model import JobState
from chalicelib.jobs.request import cancel, find_job
from chalicelib.runner.worker import run_address_job
from tests.actors import ALICE, NOW, confirmed
from tests.exports.subscribers.list_requests import RESULT
from tests.exports.subscribers.listing import RECIPIENT, SLUG, a_list, rows, run_once
from tests.fake_site import FakeSite, context, sqs_event
from tests.faults.scenes import PETITION, Scene, assert_bucket_is_empty, assert_exact_counts
from tests.faults.staff_scenes import assert_audit_entry, call, read, with_bobs_token

LISTS_URL = f"/api/staff/petitions/{SLUG}/lists"


def with_a_finished_list(fake_site: FakeSite) -> None:
    with_bobs_token(fake_site)
    fields = a_list(fake_site.tables).model_dump()
    job = OptInList.model_validate({**fields, "result": RESULT, "state": "done"})
    fake_site.tables.put(keys.job("list", job.job_id), job.model_dump(exclude_none=True))
    fake_site.scene_state.file_link = f"/api/staff/lists/{job.job_id}/file"


def with_a_second_requested_list(fake_site: FakeSite) -> None:
    """Alice was on the first list."""
    with_bobs_token(fake_site)
    confirmed(fake_site.tables, PETITION, ALICE, updates=True)
    run_once(fake_site, a_list(fake_site.tables, 1))
    fake_site.scene_state.opt_in_list = a_list(fake_site.tables, 2)


def with_a_requested_list(fake_site: FakeSite) -> None:
    with_bobs_token(fake_site)
    fake_site.scene_state.opt_in_list = a_list(fake_site.tables)


def with_a_list_cancelled_after_its_upload(fake_site: FakeSite) -> None:
    with_a_requested_list(fake_site)
    cancel(fake_site.scene_state.opt_in_list, NOW, fake_site.tables)
    job_id = fake_site.scene_state.opt_in_list.job_id
    for name in (f"files/{job_id}/x/file", f"listed/{job_id}/00-x"):
        fake_site.bucket.objects[name] = b""


def request_list(fake_site: FakeSite) -> bool:
    """Request a list. 409 is a success too: the first request took effect, and the list is written."""
    try:
        return call("POST", LISTS_URL, 202, {"recipient": RECIPIENT}, fake_site)
    except AssertionError:
        return call("POST", LISTS_URL, 409, {"recipient": RECIPIENT}, fake_site)


def open_file_link(fake_site: FakeSite) -> bool:
    return read(fake_site.scene_state.file_link, fake_site)


def run_job(fake_site: FakeSite) -> bool:
    """Deliver the job's message and return whether the list is done."""
    fake_site.scene_state.opt_in_list = run_once(fake_site, fake_site.scene_state.opt_in_list)
    return bool(fake_site.scene_state.opt_in_list.state == JobState.DONE)


def cancel_list(fake_site: FakeSite) -> bool:
    job_id = fake_site.scene_state.opt_in_list.job_id
    return call("DELETE", f"/api/staff/lists/{job_id}", 200, None, fake_site)


def run_cancelled_job(fake_site: FakeSite) -> bool:
    """Deliver the message and return whether it needs no redelivery."""
    sent = len(fake_site.address_jobs.messages)
    message = {"kind": "list", "job_id": fake_site.scene_state.opt_in_list.job_id}
    answer = run_address_job(sqs_event([message]), context())
    return not answer["batchItemFailures"] and len(fake_site.address_jobs.messages) == sent


def postpone_job(fake_site: FakeSite) -> bool:
    run_once(fake_site, fake_site.scene_state.opt_in_list, seconds=1)
    return {"kind": "list", "job_id": fake_site.scene_state.opt_in_list.job_id} in fake_site.address_jobs.messages


def assert_alice_is_listed(fake_site: FakeSite) -> None:
    assert_exact_counts(fake_site)
    assert [row["email"] for row in rows(fake_site, fake_site.scene_state.opt_in_list)] == [ALICE.email]


def assert_list_is_cancelled(fake_site: FakeSite) -> None:
    assert_audit_entry("list.cancelled", fake_site)
    job_id = fake_site.scene_state.opt_in_list.job_id
    assert find_job(OptInList, job_id, fake_site.tables).state == JobState.CANCELLED


LIST_SCENES = [
    Scene("request_list", with_bobs_token, request_list, partial(assert_audit_entry, "list.requested")),
    Scene("link_list", with_a_finished_list, open_file_link, partial(assert_audit_entry, "list.fetched")),
    Scene("run_address_job", with_a_second_requested_list, run_job, assert_alice_is_listed),
    Scene("cancel_list", with_a_requested_list, cancel_list, assert_list_is_cancelled),
    Scene("run_address_job", with_a_second_requested_list, postpone_job, assert_exact_counts),
    Scene("run_address_job", with_a_list_cancelled_after_its_upload, run_cancelled_job, assert_bucket_is_empty),
]  # fmt: skip
