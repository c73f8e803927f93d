"""Staff routes of lists: a locked file with the people who asked for updates, and their addresses."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalice.app import Blueprint, Request

from chalicelib.aws.bucket import files_bucket
from chalicelib.aws.queue import address_job_queue
from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.core.errors import Gone, NotNow
from chalicelib.core.rights import Right
from chalicelib.core.validation import parse_body
from chalicelib.edge.http import json_answer, json_body
from chalicelib.exports.lock import start_locked
from chalicelib.exports.model import LINK_SECONDS
from chalicelib.exports.subscribers.request import ListRequest, ListResult, OptInList, new_list
from chalicelib.jobs.model import JobState
from chalicelib.jobs.request import find_job, jobs_of
from chalicelib.petitions.find import petition_as_stored, require_kept
from chalicelib.staff.authorizer import actor, audit, cancel_job, staff_view

if TYPE_CHECKING:
    from chalicelib.edge.answers import Answer, Sent
    from chalicelib.exports.answers import FileLink, ShownList, ShownLists

routes = Blueprint(__name__)


@staff_view(routes, "POST", "/petitions/{slug}/lists", Right.EXPORT, status=202, raises=(NotNow,))
def request_list(request: "Sent[ListRequest]", slug: str) -> "Answer[ShownList]":
    """Request the list of those who asked for updates.

    For charities that send updates from another system. A CSV with `status`, `id`, `email`, `name`, `language` and
    `confirmed_at`, encrypted to the recipient or with a passphrase. A person on an earlier list who no longer gets
    updates has the status `unsubscribed`. A person who withdrew has only an `id`. Only one list at a time for each
    petition.

    Answer: Requested. Read its progress in the list of lists.
    """
    list_request = parse_body(ListRequest, json_body(request))
    petition = petition_as_stored(slug, tables())
    now = times.now()
    require_kept(petition, now)
    job = new_list(list_request, petition.slug, actor(request).owner, now, tables())
    audit(request, "list.requested", job.job_id, {"petition": slug, "recipient": job.locked_with})
    shown_once = start_locked(job, address_job_queue(), tables())
    return json_answer(_list_json(job) | shown_once, 202)


@staff_view(routes, "GET", "/petitions/{slug}/lists", Right.EXPORT)
def list_lists(request: Request, slug: str) -> "Answer[ShownLists]":
    """All lists of those who asked for updates. Newest first."""
    petition = petition_as_stored(slug, tables())
    lists = [_list_json(job) for job in jobs_of(OptInList, petition.slug, tables())]
    return json_answer({"lists": lists})


@staff_view(routes, "DELETE", "/lists/{list_id}", Right.EXPORT)
def cancel_list(request: Request, list_id: str) -> "Answer[ShownList]":
    """Cancel the list of those who asked for updates.

    Stops the work if it is waiting or running. The request is safe to repeat.

    Answer: The list: cancelled, or unchanged if it had ended.
    """
    job = find_job(OptInList, list_id, tables())
    cancelled = cancel_job(request, "list.cancelled", job, {"petition": job.slug})
    return json_answer(_list_json(cancelled))


@staff_view(routes, "GET", "/lists/{list_id}/file", Right.EXPORT, raises=(NotNow, Gone))
def link_list(request: Request, list_id: str) -> "Answer[FileLink]":
    """Get a link to the file of a list.

    The link needs no token and works for 15 minutes. Keep it secret.

    Answer: The link. Download it with GET, without a token.
    """
    # A HEAD request is not audited: its answer contains no link.
    job = find_job(OptInList, list_id, tables())
    now = times.now()
    require_kept(petition_as_stored(job.slug, tables()), now)
    result = _result_of(job, now)
    if request.method != "HEAD":
        audit(request, "list.fetched", job.job_id, {"petition": job.slug})
    link: FileLink = {
        "url": files_bucket().link(result.file, f"{job.job_id}{job.extension}", LINK_SECONDS),
        "expires_at": times.iso(now + timedelta(seconds=LINK_SECONDS)),
    }
    return json_answer(link)


def _result_of(job: OptInList, now: datetime) -> ListResult:
    state = job.state_at(now)
    if state is JobState.EXPIRED:
        raise Gone("This list has expired and its file was deleted. Request a new one.")
    if state is not JobState.DONE or job.result is None:
        raise NotNow(f"This list is {state}: there is no file to download.")
    return job.result


def _list_json(job: OptInList) -> dict[str, object]:
    now, result = times.now(), job.result
    shown_job = job.at(now)
    return {
        **shown_job.model_dump(include={"recipient", "requested_by", "why", "subscribed", "unsubscribed"}),
        "has_passphrase": job.half is not None,
        "id": job.job_id,
        "slug": job.slug,
        "state": job.state_at(now),  # That of `shown_job`, EXPIRED or RETRYING.
        "requested_at": times.iso(job.requested_at),
        "expires_at": times.iso(job.expires_at),
        "sha256": result.sha256 if result else None,
        "bytes": result.size if result else None,
    }
