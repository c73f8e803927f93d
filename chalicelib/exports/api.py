"""Staff routes of exports and lists: request one, read its progress, cancel it, and get links to its files."""

from datetime import timedelta
from typing import TYPE_CHECKING

from chalice.app import Blueprint, Request

from chalicelib.aws.bucket import files_bucket
from chalicelib.aws.queue import address_job_queue, job_queue
from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.core.errors import Gone, NotNow
from chalicelib.core.rights import Right
from chalicelib.core.validation import parse_body
from chalicelib.edge.http import NO_STORE, json_answer, json_body, path_prefix
from chalicelib.exports.lock import LockedJob, result_of, start_locked
from chalicelib.exports.model import (
    DEFAULT_COLUMNS,
    LINK_SECONDS,
    Column,
    Export,
    ExportRequest,
    Format,
    Result,
    new_export,
)
from chalicelib.exports.subscribers.request import ListRequest, OptInList, new_list
from chalicelib.jobs.request import find_job, jobs_of
from chalicelib.petitions.find import petition_as_stored, require_kept
from chalicelib.staff.authorizer import actor, audit, cancel_job, staff_view

if TYPE_CHECKING:
    from chalicelib.edge.answers import Answer, Sent
    from chalicelib.exports.answers import FileLink, ShownExport, ShownExports, ShownList, ShownLists

routes = Blueprint(__name__)


@staff_view(
    routes, "POST", "/petitions/{slug}/exports", Right.EXPORT, status=202, headers=("Location",), raises=(NotNow,)
)
def request_export(request: "Sent[ExportRequest]", slug: str) -> "Answer[ShownExport]":
    """Request an export.

    Exports the signatures that are confirmed at this moment. Only one export at a time for each petition. Needs the
    right `export`.

    Answer: Requested. `Location` is the URL to read its progress.
    """
    export_request = parse_body(ExportRequest, json_body(request))
    petition = petition_as_stored(slug, tables())
    export = new_export(export_request, petition, actor(request).owner, times.now(), tables())
    details = {"petition": slug, "format": export.format.value, "columns": ",".join(export.columns)}
    audit(request, "export.requested", export.job_id, {**details, "recipient": export.locked_with})
    shown_once = start_locked(export, job_queue(), tables())
    location = f"{path_prefix(request)}/api/staff/exports/{export.job_id}"
    return json_answer(_export_json(export) | shown_once, 202, {**NO_STORE, "Location": location})


@staff_view(routes, "GET", "/petitions/{slug}/exports", Right.EXPORT)
def list_exports(request: Request, slug: str) -> "Answer[ShownExports]":
    """All exports of a petition. Newest first, including expired exports."""
    petition = petition_as_stored(slug, tables())
    choices = {"columns": list(Column), "default_columns": list(DEFAULT_COLUMNS), "formats": list(Format)}
    exports = [_export_json(export) for export in jobs_of(Export, petition.slug, tables())]
    return json_answer({"exports": exports, **choices})


@staff_view(routes, "GET", "/exports/{export_id}", Right.EXPORT)
def read_export(request: Request, export_id: str) -> "Answer[ShownExport]":
    """The progress of an export.

    Answer: The export, with `rows` of `of` rows written. Ask again while it is waiting or running.
    """
    export = find_job(Export, export_id, tables())
    return json_answer(_export_json(export))


@staff_view(routes, "DELETE", "/exports/{export_id}", Right.EXPORT)
def cancel_export(request: Request, export_id: str) -> "Answer[ShownExport]":
    """Cancel an export.

    Stops the work if it is waiting or running. The request is safe to repeat.

    Answer: The export: cancelled, or unchanged if it had ended.
    """
    export = find_job(Export, export_id, tables())
    cancelled = cancel_job(request, "export.cancelled", export, {"petition": export.slug})
    return json_answer(_export_json(cancelled))


@staff_view(routes, "GET", "/exports/{export_id}/file", Right.EXPORT, raises=(NotNow, Gone))
def link_file(request: Request, export_id: str) -> "Answer[FileLink]":
    """Get a link to the file.

    The link needs no token and works for 15 minutes. Keep it secret.

    Answer: The link. Download it with GET, without a token.
    """
    return _link_answer(request, find_job(Export, export_id, tables()))


@staff_view(routes, "GET", "/exports/{export_id}/cover", Right.EXPORT, raises=(NotNow, Gone))
def link_cover(request: Request, export_id: str) -> "Answer[FileLink]":
    """Get a link to the cover sheet (PDF).

    The link needs no token and works for 15 minutes. Keep it secret.

    Answer: The link. Download it with GET, without a token.
    """
    return _link_answer(request, find_job(Export, export_id, tables()), is_cover=True)


def _export_json(export: Export) -> dict[str, object]:
    """`rows`: written so far. `of`: the count at the request. At the end, they may differ (docs/staff.md)."""
    now, result = times.now(), export.result
    shown_export = export.at(now)
    shown = {
        **shown_export.model_dump(include={"format", "columns", "recipient", "requested_by", "why"}),
        "has_passphrase": export.half is not None,
        "id": export.job_id,
        "slug": export.slug,
        "moment": times.iso(export.moment),
        "state": export.state_at(now),
        "rows": export.processed,
        "of": export.count_at_moment,
        "expires_at": times.iso(export.expires_at),
    }
    if result:
        shown |= {"sha256": result.sha256, "bytes": result.size, "finished_at": times.iso(result.finished_at)}
    return shown


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
    return _link_answer(request, find_job(OptInList, list_id, tables()))


def _link_answer(request: Request, job: LockedJob, *, is_cover: bool = False) -> "Answer[FileLink]":
    """Audit this request, but not a HEAD request: its answer contains no link."""
    now, extension = times.now(), ".pdf" if is_cover else job.extension
    result = result_of(job, now, tables())
    if request.method != "HEAD":
        action, what = ("export.fetched", {"what": extension}) if isinstance(job, Export) else ("list.fetched", {})
        audit(request, action, job.job_id, {"petition": job.slug, **what})
    key = result.cover if is_cover and isinstance(result, Result) else result.file
    url = files_bucket().link(key, f"{job.job_id}{extension}", LINK_SECONDS)
    link: FileLink = {"url": url, "expires_at": times.iso(now + timedelta(seconds=LINK_SECONDS))}
    return json_answer(link)


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
