"""Staff routes of lists: request a list, read its progress, cancel it, and get a link to its file.

A list is an encrypted file with the people who asked for updates, and their addresses. Each action is recorded in the
activity log (`audit`) before it is done.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalice.app import Blueprint, Request, Response

from chalicelib.aws.bucket import files_bucket
from chalicelib.aws.queue import opt_in_lists_queue
from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.core.errors import Gone, NotNow
from chalicelib.core.rights import Right
from chalicelib.core.validation import parse_body
from chalicelib.edge.http import json_answer, json_body
from chalicelib.exports.model import LINK_SECONDS
from chalicelib.exports.subscribers.model import ListRequest, ListResult, OptInList
from chalicelib.exports.subscribers.request import new_list
from chalicelib.jobs.model import JobState
from chalicelib.jobs.request import find_job, jobs_of, start
from chalicelib.petitions.find import petition_as_stored
from chalicelib.staff.authorizer import actor, audit, cancel_job, staff_view

if TYPE_CHECKING:
    from chalicelib.exports.answers import FileLink

routes = Blueprint(__name__)


@staff_view(routes, "POST", "/api/staff/petitions/{slug}/lists", Right.EXPORT)
def request_list(request: Request, slug: str) -> Response:
    """Request a list. Return 202 and the list; a worker then writes its file."""
    list_request = parse_body(ListRequest, json_body(request))
    petition = petition_as_stored(slug, tables())
    job = new_list(list_request, petition.slug, actor(request).owner, times.now(), tables())
    audit(request, "list.requested", job.job_id, {"petition": slug, "recipient": job.recipient})
    start(job, opt_in_lists_queue(), tables())
    return json_answer(_list_json(job), 202)


@staff_view(routes, "GET", "/api/staff/petitions/{slug}/lists", Right.EXPORT)
def list_lists(request: Request, slug: str) -> Response:
    """Return the petition's lists, newest first."""
    petition = petition_as_stored(slug, tables())
    lists = [_list_json(job) for job in jobs_of(OptInList, petition.slug, tables())]
    return json_answer({"lists": lists})


@staff_view(routes, "DELETE", "/api/staff/lists/{list_id}", Right.EXPORT)
def cancel_list(request: Request, list_id: str) -> Response:
    """Cancel the list, and return it. If it has ended or stalled, return it unchanged."""
    job = find_job(OptInList, list_id, tables())
    cancelled = cancel_job(request, "list.cancelled", job, {"petition": job.slug})
    return json_answer(_list_json(cancelled))


@staff_view(routes, "GET", "/api/staff/lists/{list_id}/file", Right.EXPORT)
def link_list(request: Request, list_id: str) -> Response:
    """Return a link to the file, and audit this request. The link works for a few minutes, without a token.

    Do not audit a HEAD request: its answer contains no link.
    """
    job = find_job(OptInList, list_id, tables())
    now = times.now()
    result = _result_of(job, now)
    if request.method != "HEAD":
        audit(request, "list.fetched", job.job_id, {"petition": job.slug})
    link: FileLink = {
        "url": files_bucket().link(result.file, f"{job.job_id}.csv.age", LINK_SECONDS),
        "expires_at": times.iso(now + timedelta(seconds=LINK_SECONDS)),
    }
    return json_answer(link)


def _result_of(job: OptInList, now: datetime) -> ListResult:
    """Return the result of the list. Raise NotNow if the list is not done, Gone if it has expired."""
    state = job.state_at(now)
    if state is JobState.EXPIRED:
        raise Gone("This list has expired and its file was deleted. Request a new one.")
    if state is not JobState.DONE or job.result is None:
        raise NotNow(f"This list is {state}: there is no file to download.")
    return job.result


def _list_json(job: OptInList) -> dict[str, object]:
    now, result = times.now(), job.result
    # A list that has stalled is shown as failed, with the reason.
    shown_job = job.at(now)
    return {
        **shown_job.model_dump(include={"recipient", "requested_by", "why", "subscribed", "unsubscribed"}),
        "id": job.job_id,
        "slug": job.slug,
        "state": job.state_at(now),  # That of `shown_job`, EXPIRED or RETRYING.
        "requested_at": times.iso(job.requested_at),
        "expires_at": times.iso(job.expires_at),
        "sha256": result.sha256 if result else None,
        "bytes": result.size if result else None,
    }
