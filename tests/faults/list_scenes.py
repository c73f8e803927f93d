"""Scenes of lists of the people who asked for updates."""

from functools import partial
from types import SimpleNamespace

from chalicelib.core import keys
from chalicelib.exports.subscribers.model import OptInList
from chalicelib.exports.subscribers.worker import run_list
from chalicelib.jobs.model import JobState
from chalicelib.jobs.request import cancel, find_job
from tests.actors import ALICE, NOW, confirmed
from tests.exports.subscribers.list_requests import RESULT
from tests.exports.subscribers.listing import RECIPIENT, SLUG, a_list, rows, run_once
from tests.fake_site import FakeSite, sqs_event
from tests.faults.scenes import PETITION, Scene, counted_right
from tests.faults.staff_scenes import bob_may_all, call, is_in_the_trail, read

LISTS = f"/api/staff/petitions/{SLUG}/lists"


def a_list_that_is_done(fake_site: FakeSite) -> None:
    bob_may_all(fake_site)
    done = {"result": RESULT, "state": "done"}
    job = a_list(fake_site.tables)
    job = type(job).model_validate(job.model_dump() | done)
    fake_site.tables.put(keys.job("list", job.job_id), job.model_dump(exclude_none=True))
    fake_site.link = f"/api/staff/lists/{job.job_id}/file"  # type: ignore[attr-defined]


def a_second_list_that_waits(fake_site: FakeSite) -> None:
    """Alice was on the first list."""
    bob_may_all(fake_site)
    confirmed(fake_site.tables, PETITION, ALICE, updates=True)
    run_once(fake_site, a_list(fake_site.tables, 1))
    fake_site.job = a_list(fake_site.tables, 2)  # type: ignore[attr-defined]


def a_list_that_waits(fake_site: FakeSite) -> None:
    bob_may_all(fake_site)
    fake_site.job = a_list(fake_site.tables)  # type: ignore[attr-defined]


def a_list_cancelled_after_its_upload(fake_site: FakeSite) -> None:
    a_list_that_waits(fake_site)
    cancel(fake_site.job, NOW, fake_site.tables)  # type: ignore[attr-defined]
    for name in ("files/{}/x/file", "listed/{}/00-x"):
        fake_site.bucket.objects[name.format(fake_site.job.job_id)] = b""  # type: ignore[attr-defined]


def request(fake_site: FakeSite) -> bool:
    """Request a list. 409 is good too: the first request took effect, and the list is written."""
    try:
        return call("POST", LISTS, 202, {"recipient": RECIPIENT}, fake_site)
    except AssertionError:
        return call("POST", LISTS, 409, {"recipient": RECIPIENT}, fake_site)


def open_link(fake_site: FakeSite) -> bool:
    return read(fake_site.link, fake_site)  # type: ignore[attr-defined]


def run_job(fake_site: FakeSite) -> bool:
    fake_site.job = run_once(fake_site, fake_site.job)  # type: ignore[attr-defined]
    return bool(fake_site.job.state == JobState.DONE)  # type: ignore[attr-defined]


def cancel_list(fake_site: FakeSite) -> bool:
    return call("DELETE", f"/api/staff/lists/{fake_site.job.job_id}", 200, None, fake_site)  # type: ignore[attr-defined]


def run_cancelled_job(fake_site: FakeSite) -> bool:
    """Deliver the message and return whether it needs no redelivery."""
    left = SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: 900_000)
    sent = len(fake_site.lists.messages)
    failures = run_list(sqs_event([{"job_id": fake_site.job.job_id}]), left)["batchItemFailures"]  # type: ignore[attr-defined]
    return not failures and len(fake_site.lists.messages) == sent


def postpone_job(fake_site: FakeSite) -> bool:
    run_once(fake_site, fake_site.job, 1000)  # type: ignore[attr-defined]
    return {"job_id": fake_site.job.job_id} in fake_site.lists.messages  # type: ignore[attr-defined]


def is_listed(fake_site: FakeSite) -> None:
    counted_right(fake_site)
    assert [row["email"] for row in rows(fake_site, fake_site.job)] == [ALICE.email]  # type: ignore[attr-defined]


def is_cancelled(fake_site: FakeSite) -> None:
    is_in_the_trail("list.cancelled", fake_site)
    assert find_job(OptInList, fake_site.job.job_id, fake_site.tables).state == JobState.CANCELLED  # type: ignore[attr-defined]


def is_tidy(fake_site: FakeSite) -> None:
    assert not fake_site.bucket.objects


LIST_SCENES = [
    Scene("request_list", bob_may_all, request, partial(is_in_the_trail, "list.requested")),
    Scene("list_lists", a_list_that_is_done, partial(read, LISTS), counted_right),
    Scene("link_list", a_list_that_is_done, open_link, partial(is_in_the_trail, "list.fetched")),
    Scene("run_list", a_second_list_that_waits, run_job, is_listed),
    Scene("cancel_list", a_list_that_waits, cancel_list, is_cancelled),
    Scene("run_list", a_second_list_that_waits, postpone_job, counted_right),
    Scene("run_list", a_list_cancelled_after_its_upload, run_cancelled_job, is_tidy),
]
