"""Request a list. This fixes which earlier list it continues."""

from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.exports.encrypt import recipient_of
from chalicelib.exports.subscribers.model import ListRequest, OptInList
from chalicelib.jobs.model import JobState, new_id
from chalicelib.jobs.request import check_free, jobs_of


def prepared(wanted: ListRequest, slug: str, owner: str, now: datetime, tables: Tables) -> OptInList:
    """Return the job, not stored yet. Raise Invalid if the key is invalid, NotNow while another list runs."""
    recipient, moment = recipient_of(wanted.recipient), now.replace(microsecond=0)
    check_free(OptInList, slug, now, tables)  # A list that still runs may become the last one that was done.
    return OptInList(
        job_id=new_id(slug, moment),
        requested_by=owner,
        requested_at=moment,
        touched_at=moment,
        recipient=recipient.shown,
        recipient_key=recipient.key,
        earlier=last_done(slug, tables),
    )


def last_done(slug: str, tables: Tables) -> str | None:
    """Return the id of the last list that was done."""
    return next((job.job_id for job in jobs_of(OptInList, slug, tables) if job.state is JobState.DONE), None)
