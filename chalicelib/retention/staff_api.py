"""Staff routes of a petition's retention: set its months, count or remove the personal data, read the report."""

from typing import TYPE_CHECKING, cast

from chalice.app import Blueprint, Request

from chalicelib.aws.queue import job_queue
from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.core.errors import Invalid, NotNow
from chalicelib.core.rights import Right
from chalicelib.core.validation import Words, parse_body
from chalicelib.edge.http import is_dry_run, json_answer, json_body, known_parameters
from chalicelib.jobs.request import find_job, jobs_of
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.model import Petition
from chalicelib.retention.run import FINDINGS, Retention, RetentionRequest, begin, new_run, set_months
from chalicelib.staff.authorizer import actor, audit, cancel_job, staff_view

if TYPE_CHECKING:
    from chalicelib.edge.answers import Answer, Sent
    from chalicelib.retention.answers import Findings, RetentionReport, ShownRetention

routes = Blueprint(__name__)
WORDS = Words(wrong={"months": "Enter a number of months from 1 to 120"})


@staff_view(routes, "PUT", "/petitions/{slug}/retention", Right.MANAGE, raises=(NotNow,))
def set_retention(request: "Sent[RetentionRequest]", slug: str) -> "Answer[RetentionReport]":
    """Set after how many months personal data is removed.

    They count from the petition's closing or hand-in, whichever is later. Its privacy notice says so.
    """
    months = parse_body(RetentionRequest, json_body(request), WORDS).months
    petition = petition_as_stored(slug, tables())
    audit(request, "retention.set", slug, {"months": str(months)})
    return _report(set_months(petition, months, tables()))


@staff_view(routes, "GET", "/petitions/{slug}/retention", Right.MANAGE)
def read_retention(request: Request, slug: str) -> "Answer[RetentionReport]":
    """When personal data must be gone, and what was removed: a report for the trustees."""
    return _report(petition_as_stored(slug, tables()))


@staff_view(routes, "POST", "/petitions/{slug}/retention/run", Right.MANAGE, status=202, raises=(Invalid, NotNow))
def run_retention(request: Request, slug: str) -> "Answer[ShownRetention]":
    """Remove the personal data of a petition, or only count it.

    Names, addresses, postcodes, letters, the files of exports and lists, and what ties a partner's receipt to a person
    are removed. The count and its breakdowns stay. Not possible before the data is due. The petition can then never
    open again.

    ?dry_run= `true`: remove nothing, and report what there is. Possible at any time.

    Answer: Requested. Read its progress in the report.
    """
    only_counts = is_dry_run(known_parameters(request, ("dry_run",)))
    petition, now = petition_as_stored(slug, tables()), times.now()
    job = new_run(petition, actor(request).owner, now, tables(), dry_run=only_counts)
    audit(request, "retention.run", petition.slug, {"dry_run": str(only_counts).lower()})
    begin(job, petition, job_queue(), tables())
    return json_answer(_shown(job), 202)


@staff_view(routes, "DELETE", "/retention/{retention_id}", Right.MANAGE)
def cancel_retention(request: Request, retention_id: str) -> "Answer[ShownRetention]":
    """Cancel a run.

    What it has removed is gone. The rest still counts as removed, and another run removes it. The request is safe to
    repeat.

    Answer: The run: cancelled, or unchanged if it had ended.
    """
    job = find_job(Retention, retention_id, tables())
    return json_answer(_shown(cancel_job(request, "retention.cancelled", job, {"petition": job.slug})))


def _report(petition: Petition) -> "Answer[RetentionReport]":
    body: RetentionReport = {
        "slug": petition.slug,
        "months": petition.retention_months,
        "due_at": times.iso_or_none(petition.data_due_at),
        "is_kept": petition.is_kept_at(times.now()),
        "emptied_at": times.iso_or_none(petition.emptied_at),
        "runs": [_shown(job) for job in jobs_of(Retention, petition.slug, tables())],
    }
    return json_answer(body)


def _shown(job: Retention) -> "ShownRetention":
    now = times.now()
    return {
        "id": job.job_id,
        "slug": job.slug,
        "dry_run": job.dry_run,
        "requested_by": job.requested_by,
        "requested_at": times.iso(job.requested_at),
        "state": job.state_at(now),
        "why": job.at(now).why,
        "done": job.processed,
        "of": job.expected,
        "found": cast("Findings", {name: job.found.get(name, 0) for name in FINDINGS}),
        "emptied": job.emptied,
        "ended_at": None if job.at(now).is_open else times.iso(job.touched_at),
    }
