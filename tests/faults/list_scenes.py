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
from tests.exports.subscribers.listing import RECIPIENT, SLUG, a_list, rows, worked
from tests.faults.scenes import PETITION, Scene, counted_right
from tests.faults.staff_scenes import bob_may_all, call, is_in_the_trail, read
from tests.served import Served, sqs_event

LISTS = f"/api/staff/petitions/{SLUG}/lists"


def a_list_that_is_done(served: Served) -> None:
    bob_may_all(served)
    done = {"result": RESULT, "state": "done"}
    job = a_list(served.tables)
    job = type(job).model_validate(job.model_dump() | done)
    served.tables.put(keys.job("list", job.job_id), job.model_dump(exclude_none=True))
    served.link = f"/api/staff/lists/{job.job_id}/file"  # type: ignore[attr-defined]


def a_second_list_that_waits(served: Served) -> None:
    """Alice was on the first list."""
    bob_may_all(served)
    confirmed(served.tables, PETITION, ALICE, updates=True)
    worked(served, a_list(served.tables, 1))
    served.job = a_list(served.tables, 2)  # type: ignore[attr-defined]


def a_list_that_waits(served: Served) -> None:
    bob_may_all(served)
    served.job = a_list(served.tables)  # type: ignore[attr-defined]


def a_list_cancelled_after_its_upload(served: Served) -> None:
    a_list_that_waits(served)
    cancel(served.job, NOW, served.tables)  # type: ignore[attr-defined]
    for name in ("files/{}/x/file", "listed/{}/00-x"):
        served.bucket.objects[name.format(served.job.job_id)] = b""  # type: ignore[attr-defined]


def request(served: Served) -> bool:
    """Request a list. 409 is good too: the first request took effect, and the list is written."""
    try:
        return call("POST", LISTS, 202, {"recipient": RECIPIENT}, served)
    except AssertionError:
        return call("POST", LISTS, 409, {"recipient": RECIPIENT}, served)


def open_link(served: Served) -> bool:
    return read(served.link, served)  # type: ignore[attr-defined]


def run_job(served: Served) -> bool:
    served.job = worked(served, served.job)  # type: ignore[attr-defined]
    return bool(served.job.state == JobState.DONE)  # type: ignore[attr-defined]


def cancel_list(served: Served) -> bool:
    return call("DELETE", f"/api/staff/lists/{served.job.job_id}", 200, None, served)  # type: ignore[attr-defined]


def run_cancelled_job(served: Served) -> bool:
    """Deliver the message and return whether it needs no redelivery."""
    left = SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: 900_000)
    sent = len(served.lists.messages)
    failures = run_list(sqs_event([{"job_id": served.job.job_id}]), left)["batchItemFailures"]  # type: ignore[attr-defined]
    return not failures and len(served.lists.messages) == sent


def postpone_job(served: Served) -> bool:
    worked(served, served.job, 1000)  # type: ignore[attr-defined]
    return {"job_id": served.job.job_id} in served.lists.messages  # type: ignore[attr-defined]


def is_listed(served: Served) -> None:
    counted_right(served)
    assert [row["email"] for row in rows(served, served.job)] == [ALICE.email]  # type: ignore[attr-defined]


def is_cancelled(served: Served) -> None:
    is_in_the_trail("list.cancelled", served)
    assert find_job(OptInList, served.job.job_id, served.tables).state == JobState.CANCELLED  # type: ignore[attr-defined]


def is_tidy(served: Served) -> None:
    assert not served.bucket.objects


LIST_SCENES = [
    Scene("request_list", bob_may_all, request, partial(is_in_the_trail, "list.requested")),
    Scene("list_lists", a_list_that_is_done, partial(read, LISTS), counted_right),
    Scene("link_list", a_list_that_is_done, open_link, partial(is_in_the_trail, "list.fetched")),
    Scene("run_list", a_second_list_that_waits, run_job, is_listed),
    Scene("cancel_list", a_list_that_waits, cancel_list, is_cancelled),
    Scene("run_list", a_second_list_that_waits, postpone_job, counted_right),
    Scene("run_list", a_list_cancelled_after_its_upload, run_cancelled_job, is_tidy),
]
