"""Routes of the total: how many different people signed here or elsewhere. Staff enter figures; the total is public.

A figure is the number of people who signed with one source: another platform, or a collection on paper. If the source
sends hashes of its signers' addresses, a comparison (a job) counts how many of these people signed here too. Each
action of staff is recorded in the activity log (`audit`) before it is done.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from chalice.app import Blueprint, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chalicelib.aws.bucket import files_bucket
from chalicelib.aws.queue import hash_comparisons_queue
from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.core.settings import settings
from chalicelib.core.sources import SOURCE_PATTERN
from chalicelib.core.validation import Words, parse_body
from chalicelib.edge.http import cache_headers, json_answer, json_body
from chalicelib.edge.views import json_view
from chalicelib.jobs.files import store_file
from chalicelib.jobs.model import JobState
from chalicelib.jobs.request import find_job, jobs_of, require_no_running_job, start
from chalicelib.pages.render import HASH_TOOL, asset_url
from chalicelib.petitions.figure import Figure, FigureKind, NewFigure
from chalicelib.petitions.find import find_petition, petition_as_stored
from chalicelib.shedding.level import level_now
from chalicelib.staff.authorizer import actor, audit, cancel_job, staff_view
from chalicelib.tallies.public import public_count
from chalicelib.totals.enter import enter
from chalicelib.totals.hashes.compare import new_comparison, require_key, with_count
from chalicelib.totals.hashes.key import issue_key
from chalicelib.totals.hashes.model import MAX_HASHES_KB, HashComparison
from chalicelib.totals.total import total

if TYPE_CHECKING:
    from chalicelib.totals.answers import (
        Elsewhere,
        EnteredFigure,
        HashKey,
        PublicTotal,
        ShownComparison,
        ShownComparisons,
    )

routes = Blueprint(__name__)

WORDS = Words(
    wrong={
        "source": "Use up to 40 lower-case letters, digits and dashes",
        "kind": "Use partner, paper or hashes",
        "count": "Enter a whole number, 0 or more",
        "evidence": "Say where the number comes from, in up to 500 characters",
    }
)


class HashKeyRequest(BaseModel):
    """The body of `POST /api/staff/petitions/{slug}/hash-keys`."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    source: Annotated[str, StringConstraints(pattern=SOURCE_PATTERN), Field(examples=["freedom-united"])]
    """The platform that hashes its signers' addresses with the key."""


@json_view(routes)
def read_total(request: Request, slug: str) -> Response:
    """Return the count here, the current figures from elsewhere, and the bounds of the number of people."""
    now = times.now()
    petition = find_petition(slug, now, tables())
    found = total(petition, public_count(petition, now, tables()))
    body: PublicTotal = {
        "confirmed": found.confirmed,
        "elsewhere": [_figure_answer(figure) for figure in found.elsewhere],
        "at_least": found.at_least,
        "at_most": found.at_most,
        "as_of": times.iso(found.as_of),
        "sentence": found.sentence,
    }
    max_age = level_now(tables()).max_age  # In seconds. Higher if engineers shed load.
    return json_answer(body, headers=cache_headers(max_age))


@staff_view(routes)
def enter_figure(request: Request, slug: str) -> Response:
    """Enter a figure. Return 201. Of the figures of a source, the one with the latest `as_of` is current."""
    sent = parse_body(NewFigure, json_body(request, max_bytes=MAX_HASHES_KB * 1024), WORDS)
    new, now = with_count(sent), times.now()
    has_hashes = new.kind is FigureKind.HASHES
    if has_hashes:
        require_key(slug, new.source, tables())
        # `start` refuses a second comparison too, but only after `enter` has stored the figure.
        require_no_running_job(HashComparison, slug, now, tables())
    details = {"source": new.source, "kind": new.kind, "count": str(new.count), "as_of": times.iso(new.as_of)}
    audit(request, "figure.entered", slug, details)
    figure = enter(slug, new, now, tables())
    job_id = None
    if has_hashes:
        job_id = _start_comparison(slug, figure, new, actor(request).owner, now)
    entered_at = times.iso(figure.entered_at)
    body: EnteredFigure = {**_figure_answer(figure), "entered_at": entered_at, "comparison": job_id}
    return json_answer(body, 201)


def _start_comparison(slug: str, figure: Figure, new: NewFigure, owner: str, now: datetime) -> str:
    """Start the comparison and return its id."""
    job = new_comparison(slug, figure, new.upload, owner, now)
    start(job, hash_comparisons_queue(), tables())
    # `start` may refuse the job, so store the file only now. There is time: the first step comes after START_DELAY
    # (jobs/model.py). If the file is missing then, the step fails the job.
    if new.hashes is not None:
        store_file(job.file, "\n".join(new.hashes).encode(), "text/plain", files_bucket())
    return job.job_id


@staff_view(routes)
def issue_hash_key(request: Request, slug: str) -> Response:
    """Return 201 and the key with which this source hashes addresses. A repeated request returns the same key."""
    source = parse_body(HashKeyRequest, json_body(request), WORDS).source
    petition = petition_as_stored(slug, tables())
    audit(request, "hash-key.issued", petition.slug, {"source": source})
    key = issue_key(petition.slug, source, times.now(), tables())
    tool_url = asset_url(HASH_TOOL, base=settings().site_url)
    body: HashKey = {"source": source, "key": key, "tool": tool_url}
    return json_answer(body, 201)


@staff_view(routes)
def list_comparisons(request: Request, slug: str) -> Response:
    """Return the comparisons of hashes, newest first."""
    petition = petition_as_stored(slug, tables())
    jobs = jobs_of(HashComparison, petition.slug, tables())
    body: ShownComparisons = {"comparisons": [_comparison_answer(job) for job in jobs]}
    return json_answer(body)


@staff_view(routes)
def cancel_comparison(request: Request, slug: str, comparison_id: str) -> Response:
    """Cancel the comparison, and return it. The hashes are deleted. The entered figure stays."""
    job = find_job(HashComparison, comparison_id, tables(), key=slug)
    cancelled = cancel_job(request, "comparison.cancelled", job)
    return json_answer(_comparison_answer(cancelled))


def _comparison_answer(job: HashComparison) -> "ShownComparison":
    """Return the comparison: of `seen` signers here, `here` are also among the source's `count` people."""
    now = times.now()
    current = job.at(now)  # Failed if the job has stalled, otherwise as stored.
    return {
        "id": job.job_id,
        "source": job.figure.source,
        "count": job.figure.count,
        "here": current.here if current.state is JobState.DONE else None,
        "seen": job.seen,
        "state": job.state_at(now),
        "why": current.why,
        "requested_by": job.requested_by,
        "requested_at": times.iso(job.requested_at),
    }


def _figure_answer(figure: Figure) -> "Elsewhere":
    return {
        "source": figure.source,
        "kind": figure.kind,
        "count": figure.count,
        "as_of": times.iso(figure.as_of),
        "evidence": figure.evidence,
    }
