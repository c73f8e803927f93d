"""Staff routes of signatures that look wrong: see and release held ones, try a removal, remove, and undo."""

from typing import TYPE_CHECKING

from chalice.app import Blueprint, Request

from chalicelib.aws.queue import address_job_queue
from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.core.errors import NotNow, UnknownThing
from chalicelib.core.rights import Right
from chalicelib.core.validation import parse_body
from chalicelib.edge.http import json_answer, json_body
from chalicelib.jobs.model import JobState, new_job
from chalicelib.jobs.request import find_job, jobs_of, start
from chalicelib.petitions.find import petition_as_stored
from chalicelib.projections.breakdowns import held_counts
from chalicelib.removals.model import Condition, ReleaseRequest, Removal, RemovalAction, RemovalRequest
from chalicelib.removals.survey import shown, usual
from chalicelib.staff.authorizer import actor, audit, cancel_job, staff_view
from chalicelib.tallies.count import RemovalCount, removal_count

if TYPE_CHECKING:
    from chalicelib.edge.answers import Answer, Sent
    from chalicelib.removals.answers import AllRemovals, HeldSignatures, ShownRemoval, StartedRemoval

routes = Blueprint(__name__)

# While the job is open, and at its end.
STATES = {
    RemovalAction.TRY: ("trying", "tried"),
    RemovalAction.REMOVE: ("removing", "removed"),
    RemovalAction.UNDO: ("undoing", "undone"),
    RemovalAction.RELEASE: ("releasing", "released"),
}
OPEN = (JobState.WAITING, JobState.RUNNING, JobState.RETRYING)


@staff_view(routes, "GET", "/petitions/{slug}/held", Right.MANAGE)
def read_held(request: Request, slug: str) -> "Answer[HeldSignatures]":
    """How many signatures are held because they look wrong, by reason."""
    numbers = held_counts(petition_as_stored(slug, tables()).slug, tables())
    rows = [{"key": reason, "count": number} for reason, number in numbers.items() if number]
    return json_answer({"held": sum(numbers.values()), "by": {"reason": rows}})


@staff_view(routes, "POST", "/petitions/{slug}/held/release", Right.MANAGE, status=202, raises=(NotNow,))
def release_held(request: "Sent[ReleaseRequest]", slug: str) -> "Answer[StartedRemoval]":
    """Release held signatures.

    Those that their owners confirmed count from then on; the others count when their owners confirm.

    Answer: The job that releases them has started.
    """
    wanted = parse_body(ReleaseRequest, json_body(request))
    job = _new_job(request, slug, RemovalAction.RELEASE, wanted.condition, wanted.reason)
    return _start(request, "held.released", job)


@staff_view(routes, "POST", "/petitions/{slug}/removals", Right.MANAGE, status=202, raises=(NotNow,))
def remove_signatures(request: "Sent[RemovalRequest]", slug: str) -> "Answer[StartedRemoval]":
    """Remove signatures that are not genuine, or try it.

    A dry run changes nothing: it counts, and shows what is frequent. A removal subtracts each signature on the day on
    which it is removed, says so in public with its reason, and can be undone. Only one at a time for a petition.

    Answer: The job has started.
    """
    wanted = parse_body(RemovalRequest, json_body(request))
    action = RemovalAction.TRY if wanted.dry_run else RemovalAction.REMOVE
    job = _new_job(request, slug, action, wanted.condition, wanted.reason)
    return _start(request, "removal.tried" if wanted.dry_run else "removal.started", job)


@staff_view(routes, "GET", "/petitions/{slug}/removals", Right.MANAGE)
def list_removals(request: Request, slug: str) -> "Answer[AllRemovals]":
    """Dry runs, removals, undos and releases, newest first."""
    petition = petition_as_stored(slug, tables())
    return json_answer({"removals": [_shown(job) for job in jobs_of(Removal, petition.slug, tables())]})


@staff_view(routes, "GET", "/petitions/{slug}/removals/{removal_id}", Right.MANAGE)
def show_removal(request: Request, slug: str, removal_id: str) -> "Answer[ShownRemoval]":
    """Show how far a removal is, and its undo if there is one."""
    job = find_job(Removal, removal_id, tables(), key=slug)
    undo = _undo_of(job)
    body = _shown(job)
    if undo:
        body |= {"state": _state(undo), "job_state": undo.state_at(times.now()), "why": undo.at(times.now()).why}
    return json_answer(body)


@staff_view(routes, "POST", "/petitions/{slug}/removals/{removal_id}/cancel", Right.MANAGE)
def cancel_removal(request: Request, slug: str, removal_id: str) -> "Answer[ShownRemoval]":
    """Cancel a removal, or its undo. What was removed or put back stays so. Safe to repeat.

    Answer: It is cancelled, or unchanged if it had ended.
    """
    job = find_job(Removal, removal_id, tables(), key=slug)
    undo = _undo_of(job)
    chosen = undo if undo and undo.is_open else job
    return json_answer(_shown(cancel_job(request, "removal.cancelled", chosen, {"petition": slug})))


@staff_view(routes, "POST", "/petitions/{slug}/removals/{removal_id}/undo", Right.MANAGE, status=202, raises=(NotNow,))
def undo_removal(request: Request, slug: str, removal_id: str) -> "Answer[StartedRemoval]":
    """Put back what a removal removed, also if it was cancelled.

    Who withdrew meanwhile stays withdrawn. What counted before counts again from then on.

    Answer: The undo has started.
    """
    removal = find_job(Removal, removal_id, tables(), key=slug)
    if removal.action is not RemovalAction.REMOVE:
        raise UnknownThing("This is not a removal.")
    job = _new_job(request, slug, RemovalAction.UNDO, Condition(), "", undoes=removal.job_id)
    _start(request, "removal.undone", job)
    return json_answer({"id": removal.job_id}, 202)


def _new_job(
    request: Request, slug: str, action: RemovalAction, condition: Condition, reason: str, undoes: str = ""
) -> Removal:
    petition = petition_as_stored(slug, tables())
    details = {"action": action, "condition": condition, "reason": reason, "undoes": undoes}
    return new_job(Removal, petition.slug, actor(request).owner, times.now(), **details)


def _start(request: Request, action: str, job: Removal) -> "Answer[StartedRemoval]":
    by = ",".join(job.condition.model_dump(exclude_none=True))  # Not the values: a name may be among them.
    details = {"by": by, "reason": job.reason}
    audit(request, action, job.slug, {name: value for name, value in details.items() if value})
    start(job, address_job_queue(), tables())
    return json_answer({"id": job.job_id}, 202)


def _undo_of(job: Removal) -> Removal | None:
    """Return the latest undo of the removal."""
    if job.action is not RemovalAction.REMOVE:
        return None
    return next((other for other in jobs_of(Removal, job.key, tables()) if other.undoes == job.job_id), None)


def _state(job: Removal) -> str:
    state = job.state_at(times.now())
    while_open, at_end = STATES[job.action]
    if state in OPEN:
        return while_open
    return at_end if state is JobState.DONE else str(state)


def _shown(job: Removal) -> "ShownRemoval":
    now = times.now()
    is_removal = job.action in (RemovalAction.REMOVE, RemovalAction.UNDO)
    numbers = removal_count(job.slug, job.removal, tables()) if is_removal else dict.fromkeys(RemovalCount, 0)
    return {
        "id": job.job_id,
        "slug": job.slug,
        "action": job.action,
        "state": _state(job),
        "job_state": job.state_at(now),
        "requested_by": job.requested_by,
        "requested_at": times.iso(job.requested_at),
        "condition": job.condition.model_dump(mode="json", exclude_none=True),
        "reason": job.reason,
        "matched": job.processed,
        "counted": job.counted,
        "removed": numbers[RemovalCount.REMOVED],
        "put_back": numbers[RemovalCount.PUT_BACK],
        "confirmed_before": job.confirmed_before,
        "confirmed_after": job.confirmed_after,
        "effect": shown(job.effect),
        "usual": usual(job.sample),
        "why": job.at(now).why,
    }
