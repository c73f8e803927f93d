"""Staff routes of exports: request an export, read its progress, cancel it, and get links to its files."""

from datetime import timedelta
from typing import TYPE_CHECKING

from chalice.app import Blueprint, Request

from chalicelib.aws.bucket import files_bucket
from chalicelib.aws.queue import job_queue
from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.core.errors import Gone, NotNow
from chalicelib.core.rights import Right
from chalicelib.core.validation import parse_body
from chalicelib.edge.http import NO_STORE, json_answer, json_body, path_prefix
from chalicelib.exports.lock import start_locked
from chalicelib.exports.model import DEFAULT_COLUMNS, LINK_SECONDS, Column, Export, ExportRequest, Format
from chalicelib.exports.request import new_export, result_of
from chalicelib.jobs.request import find_job, jobs_of
from chalicelib.petitions.find import petition_as_stored
from chalicelib.staff.authorizer import actor, audit, cancel_job, staff_view

if TYPE_CHECKING:
    from chalicelib.edge.answers import Answer, Sent
    from chalicelib.exports.answers import FileLink, ShownExport, ShownExports

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
    export = find_job(Export, export_id, tables())
    result = result_of(export, times.now(), tables())
    return _link_answer(request, export, result.file, f"{export.job_id}{export.extension}")


@staff_view(routes, "GET", "/exports/{export_id}/cover", Right.EXPORT, raises=(NotNow, Gone))
def link_cover(request: Request, export_id: str) -> "Answer[FileLink]":
    """Get a link to the cover sheet (PDF).

    The link needs no token and works for 15 minutes. Keep it secret.

    Answer: The link. Download it with GET, without a token.
    """
    export = find_job(Export, export_id, tables())
    result = result_of(export, times.now(), tables())
    return _link_answer(request, export, result.cover, f"{export.job_id}.pdf")


def _link_answer(request: Request, export: Export, s3_key: str, file_name: str) -> "Answer[FileLink]":
    """Audit this request, but not a HEAD request: its answer contains no link."""
    if request.method != "HEAD":
        extension = file_name.removeprefix(export.job_id)  # It says which file: ".pdf" is the cover sheet.
        audit(request, "export.fetched", export.job_id, {"petition": export.slug, "what": extension})
    expires_at = times.now() + timedelta(seconds=LINK_SECONDS)
    url = files_bucket().link(s3_key, file_name, LINK_SECONDS)
    link: FileLink = {"url": url, "expires_at": times.iso(expires_at)}
    return json_answer(link)


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
