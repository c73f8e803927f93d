"""The routes by which staff import a partner's CSV file: start an import, read its progress, cancel it and undo it.

The undo of an import is an `Import` too: `undoes` has the import's id.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from secrets import token_hex
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import available_timezones

from chalice.app import Blueprint, Request
from pydantic import TypeAdapter, ValidationError

from chalicelib.aws.bucket import files_bucket
from chalicelib.aws.queue import address_job_queue
from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.core.errors import FieldError, Invalid, NotNow, WrongType
from chalicelib.core.rights import Right
from chalicelib.edge.http import content_type, is_dry_run, json_answer, known_parameters, raw_body
from chalicelib.jobs.model import JobState, new_job
from chalicelib.jobs.request import find_job, jobs_of, start
from chalicelib.partners.imports.file import HEADINGS, file_key, store_file
from chalicelib.partners.imports.model import (
    LONGEST_STEP,
    MAX_DIRECT_KB,
    MAX_UPLOAD_BYTES,
    SITE_ZONE,
    UPLOAD_SECONDS,
    Import,
)
from chalicelib.partners.imports.rows import find_first_rows
from chalicelib.partners.register import find_partner
from chalicelib.petitions.find import petition_as_stored, require_kept
from chalicelib.petitions.model import PetitionState
from chalicelib.staff.authorizer import actor, audit, cancel_job, staff_view

if TYPE_CHECKING:
    from chalicelib.edge.answers import Answer, Sent
    from chalicelib.partners.answers import OfferedUpload, ReadImport, ShownImport, ShownImports, StartedImport


routes = Blueprint(__name__)

CSV = "text/csv"
CONTENT_TYPES = (CSV, "application/octet-stream", "text/plain", "")  # "": the request names no type.
PARAMETERS = ("partner", "upload", "dry_run", "mapping", "zone")
NOT_COPIED = {
    "job_id", "touched_at", "rests_until", "beat_at", "steps", "state", "expected", "processed", "file", "file_digest",
    "mapping", "buckets", "has_first_rows",
}  # fmt: skip


@staff_view(
    routes,
    "POST",
    "/petitions/{slug}/imports",
    Right.MANAGE,
    status=202,
    query=PARAMETERS,
    body_kb=MAX_DIRECT_KB,
    raises=(NotNow,),
)
def start_import(request: "Sent[str | None]", slug: str) -> "Answer[StartedImport]":
    """Import a partner's CSV.

    A CSV of {MAX_DIRECT_KB} KB and 2,000,000 rows at most, in any usual encoding, with headings in the first row.
    The whole file is read before any row is imported: a broken file imports nothing. Only one import at a time for
    each petition. Importing a file again changes nothing: a row is recognised by the partner's identifier, or by
    the email address if there is no column of identifiers.

    Answer: Started. Read its progress under its id.

    ?partner= The partner's source.
    ?upload= The value `upload` of the form with which you uploaded the file. The body is then empty.
    ?dry_run= `true`: store nothing, and report what an import would do.
    ?mapping= JSON: for each field, the heading of its column, or a list of headings. Usual headings need no
    mapping. Fields: identifier, email, name, given_name, family_name, country, postcode, obtained_at, updates.
    ?zone= The IANA name of the time zone of times in the file that name none. `Europe/London` if left out. An hour
    that occurs twice is read as the first. An hour that is left out is read as if the clocks had not gone forward
    yet.
    """
    now, owner = times.now(), actor(request).owner
    if content_type(request) not in CONTENT_TYPES:
        raise WrongType(CSV)
    body = raw_body(request, MAX_DIRECT_KB * 1024)
    parameters = known_parameters(request, PARAMETERS)
    dry_run = is_dry_run(parameters)
    petition = petition_as_stored(slug, tables())
    state = petition.state_at(now)
    # For a day after a petition closes, people can still confirm, imported people too.
    if state is PetitionState.DRAFT or not petition.is_confirmable_at(now):
        raise NotNow(f"This petition is {state}, so nothing can be imported.")
    query = read_query(parameters)
    partner = find_partner(query.partner, tables())
    key = file_key(slug, query.upload_id or token_hex(16))
    fields = {"dry_run": dry_run, "mapping": query.mapping, "zone": query.zone, "file": key}
    job = new_job(Import, slug, owner, now, partner=partner.source, **fields)
    audit(request, "import.started", job.job_id, {"partner": partner.source, "dry_run": str(job.dry_run).lower()})
    start(job, address_job_queue(), tables())
    # After `start`, which may raise NotNow. The first step runs 20 seconds later (START_DELAY).
    if not query.upload_id:  # Otherwise the file is the upload, and `body` is not used.
        store_file(job.file, body, CSV, files_bucket())
    return json_answer({"id": job.job_id}, 202)


@staff_view(routes, "POST", "/petitions/{slug}/uploads", Right.MANAGE, status=201)
def offer_upload(request: Request, slug: str) -> "Answer[OfferedUpload]":
    """Get a form to upload a larger file.

    For files over {MAX_DIRECT_KB} KB, up to 512 MB. After the upload, start the import with `upload` in the query
    and an empty body. Each use replaces the file.

    Answer: The form. It needs no token, and works for an hour.
    """
    petition = petition_as_stored(slug, tables())
    upload_id = token_hex(16)
    audit(request, "upload.offered", petition.slug, {"upload": upload_id})
    key = file_key(petition.slug, upload_id)
    url, fields = files_bucket().upload_form(key, MAX_UPLOAD_BYTES, UPLOAD_SECONDS)
    expires_at = times.iso(times.now() + timedelta(seconds=UPLOAD_SECONDS))
    offered: OfferedUpload = {"upload": upload_id, "url": url, "fields": fields, "expires_at": expires_at}
    return json_answer(offered, 201)


@staff_view(routes, "GET", "/petitions/{slug}/imports", Right.MANAGE)
def list_imports(request: Request, slug: str) -> "Answer[ShownImports]":
    """All imports of a petition. Newest first, undos included."""
    petition = petition_as_stored(slug, tables())
    all_imports = list(jobs_of(Import, petition.slug, tables()))
    shown = [_import_json(job, all_imports) for job in all_imports]
    return json_answer({"imports": shown})


@staff_view(routes, "GET", "/petitions/{slug}/imports/{import_id}", Right.MANAGE)
def read_import(request: Request, slug: str, import_id: str) -> "Answer[ReadImport]":
    """The progress of an import."""
    job = _find_import(slug, import_id)
    all_imports = list(jobs_of(Import, slug, tables()))
    first_rows = find_first_rows(job, times.now(), files_bucket())
    return json_answer({**_import_json(job, all_imports), "first_rows": first_rows})


@staff_view(routes, "DELETE", "/petitions/{slug}/imports/{import_id}", Right.MANAGE)
def cancel_import(request: Request, slug: str, import_id: str) -> "Answer[ShownImport]":
    """Cancel an import.

    Rows that are already imported stay imported until the import is undone.

    Answer: The import: cancelled, or unchanged if it had ended.
    """
    job = cancel_job(request, "import.cancelled", _find_import(slug, import_id))
    all_imports = list(jobs_of(Import, slug, tables()))
    return json_answer(_import_json(job, all_imports))


@staff_view(routes, "POST", "/petitions/{slug}/imports/{import_id}/undo", Right.MANAGE, status=202, raises=(NotNow,))
def undo_import(request: Request, slug: str, import_id: str) -> "Answer[StartedImport]":
    """Undo an import.

    Removes the signatures that only this import added. A signature stays if the person also signed here, came from
    another source too, or confirmed by our email. The partner can use the identifiers again.

    Answer: Started. Read its progress under its id.
    """
    now = times.now()
    job = _find_import(slug, import_id)
    if job.at(now).is_open or job.dry_run or job.undoes:
        raise NotNow("You can undo an import only after it has ended, and only if it was not a dry run.")
    require_kept(petition_as_stored(slug, tables()), now)
    fields = {"partner": job.partner, "undoes": job.job_id, "rests_until": _end_of_late_steps(job, now)}
    undo = new_job(Import, slug, actor(request).owner, now, **fields)
    audit(request, "import.undone", job.job_id, {"undo": undo.job_id})
    start(undo, address_job_queue(), tables())
    return json_answer({"id": undo.job_id}, 202)


def _end_of_late_steps(job: Import, now: datetime) -> datetime | None:
    """Return until when the undo waits, so that it misses no row that a late step of the ended import takes.

    No step takes rows before the file's check, which sets `shape`. After a whole import, a late step finds only rows
    that were taken already. A stalled import ends with its undo, and a step may have begun just now.
    """
    if job.shape is None or job.state is JobState.DONE:
        return None
    ended_at = now if job.is_open else job.touched_at
    return ended_at + LONGEST_STEP


def _find_import(slug: str, import_id: str) -> Import:
    return find_job(Import, import_id, tables(), key=slug)


def _import_json(job: Import, all_imports: list[Import]) -> dict[str, object]:
    now = times.now()
    undo_ids = [each.job_id for each in all_imports if each.undoes == job.job_id]
    undone_by = undo_ids[0] if undo_ids else None
    # Before an undo ends, we do not know how many receipts it has.
    rows = job.processed if job.undoes else job.expected
    progress = {"rows": rows, "processed": job.processed, "undone_by": undone_by}
    current = job.at(now)  # Failed if the job has stalled, otherwise as stored.
    fields = current.model_dump(mode="json", exclude=NOT_COPIED)
    return {"id": job.job_id, **fields, **progress, "state": job.state_at(now)}


class ImportQuery(NamedTuple):
    """`upload_id`: "" if the file is the body of the request. `mapping`: the headings of the file for our fields."""

    partner: str
    upload_id: str
    mapping: dict[str, list[str]]
    zone: str


def read_query(parameters: Mapping[str, str]) -> ImportQuery:
    """Raise Invalid if a parameter is wrong."""
    return ImportQuery(
        partner=parameters.get("partner", ""),
        upload_id=_upload_id(parameters.get("upload", "")),
        mapping=_mapping(parameters.get("mapping", "")),
        zone=_zone(parameters.get("zone") or SITE_ZONE),
    )


def _upload_id(value: str) -> str:
    if value and not re.fullmatch(r"[0-9a-f]{32}", value):
        raise Invalid([FieldError("upload", "Use the upload id that came with the form")])
    return value


def _zone(name: str) -> str:
    # "localtime" would be the zone of the machine, and EST has no summer time. Only names of places are clear.
    if name not in available_timezones() or ("/" not in name and name != "UTC"):
        message = f"Enter the name of a time zone, such as {SITE_ZONE} or UTC"
        raise Invalid([FieldError("zone", message)])
    return name


def _mapping(text: str) -> dict[str, list[str]]:
    if not text:
        return {}
    try:
        mapping = TypeAdapter(dict[str, list[str] | str]).validate_json(text)
    except ValidationError as error:
        raise Invalid([FieldError("mapping", 'Send JSON such as {"email": "E-mail address"}')]) from error
    unknown = mapping.keys() - HEADINGS.keys()
    if unknown:
        raise Invalid([FieldError("mapping", f"Use only these fields: {', '.join(HEADINGS)}")])
    named = {field: [headings] if isinstance(headings, str) else headings for field, headings in mapping.items()}
    if any("@" in heading for headings in named.values() for heading in headings):  # It would be stored for good.
        raise Invalid([FieldError("mapping", "Name the headings, not a person's data. The first row must be headings")])
    return named
