"""Staff routes of reminders to confirm: switch them on, see how many were sent, switch them off."""

from typing import TYPE_CHECKING

from chalice.app import Blueprint, Request

from chalicelib.aws.queue import job_queue
from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.core.errors import NotNow, PetitionNotOpen
from chalicelib.core.rights import Right
from chalicelib.core.validation import parse_body
from chalicelib.edge.http import json_answer, json_body
from chalicelib.jobs.model import new_job
from chalicelib.jobs.request import find_job, jobs_of, start
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.model import PetitionState
from chalicelib.reminders.run import ReminderRequest, Reminding
from chalicelib.staff.authorizer import actor, audit, cancel_job, staff_view

if TYPE_CHECKING:
    from chalicelib.edge.answers import Answer, Sent
    from chalicelib.reminders.answers import AllReminders, ShownReminders

routes = Blueprint(__name__)


@staff_view(routes, "POST", "/petitions/{slug}/reminders", Right.MANAGE, status=202, raises=(PetitionNotOpen, NotNow))
def switch_on(request: "Sent[ReminderRequest]", slug: str) -> "Answer[ShownReminders]":
    """Remind people to confirm.

    Until the petition closes, each person who has not confirmed gets one reminder, `hours` after the last email. Never
    a second one. Not possible while reminders are on.

    Answer: Reminders are on.
    """
    hours = parse_body(ReminderRequest, json_body(request)).hours
    petition, now = petition_as_stored(slug, tables()), times.now()
    state = petition.state_at(now)
    if state is not PetitionState.OPEN:
        raise PetitionNotOpen(state)
    job = new_job(Reminding, petition.slug, actor(request).owner, now, hours=hours)
    audit(request, "reminders.started", petition.slug, {"hours": str(hours)})
    start(job, job_queue(), tables())
    return json_answer(_shown(job), 202)


@staff_view(routes, "GET", "/petitions/{slug}/reminders", Right.MANAGE)
def list_reminders(request: Request, slug: str) -> "Answer[AllReminders]":
    """When reminders were switched on, and how many people were reminded. Newest first."""
    petition = petition_as_stored(slug, tables())
    return json_answer({"reminders": [_shown(job) for job in jobs_of(Reminding, petition.slug, tables())]})


@staff_view(routes, "DELETE", "/reminders/{reminders_id}", Right.MANAGE)
def switch_off(request: Request, reminders_id: str) -> "Answer[ShownReminders]":
    """Switch reminders off.

    Reminders that were requested before are still sent. The request is safe to repeat.

    Answer: Reminders: switched off, or unchanged if they had ended.
    """
    job = find_job(Reminding, reminders_id, tables())
    return json_answer(_shown(cancel_job(request, "reminders.cancelled", job, {"petition": job.slug})))


def _shown(job: Reminding) -> "ShownReminders":
    now = times.now()
    return {
        "id": job.job_id,
        "slug": job.slug,
        "hours": job.hours,
        "requested_by": job.requested_by,
        "requested_at": times.iso(job.requested_at),
        "state": job.state_at(now),
        "why": job.at(now).why,
        "reminded": job.processed,
    }
