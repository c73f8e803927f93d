"""Request a list of the people who asked for updates.

A list continues the latest list that is done: people who were on an earlier list and no longer get updates are listed
as unsubscribed.
"""

from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.exports.encrypt import recipient_of
from chalicelib.exports.subscribers.model import ListRequest, OptInList
from chalicelib.jobs.model import JobState, new_id
from chalicelib.jobs.request import jobs_of, require_no_running_job


def new_list(request: ListRequest, slug: str, owner: str, now: datetime, tables: Tables) -> OptInList:
    """Return a new list, not stored yet.

    Raise Invalid if the recipient's public key is invalid. Raise NotNow while the job of another list of the petition
    runs: if that job succeeds, the new list must continue that list.
    """
    recipient = recipient_of(request.recipient)
    moment = now.replace(microsecond=0)  # As it is stored.
    require_no_running_job(OptInList, slug, now, tables)
    return OptInList(
        job_id=new_id(slug, moment),
        requested_by=owner,
        requested_at=moment,
        touched_at=moment,
        recipient=recipient,
        earlier=latest_done_id(slug, tables),
    )


def latest_done_id(slug: str, tables: Tables) -> str | None:
    """Return the id of the petition's latest list that is done, even if its file has expired; None if there is none."""
    for job in jobs_of(OptInList, slug, tables):  # Newest first.
        if job.state is JobState.DONE:
            return job.job_id
    return None
