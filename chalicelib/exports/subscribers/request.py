"""A list of the people who asked for updates, for a charity that sends its updates from another system.

It continues the latest list that is done: who was on an earlier list and no longer gets updates is unsubscribed.
"""

from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import Field

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.errors import FieldError, Invalid
from chalicelib.exports.lock import LockedJob, LockRequest, lock_fields
from chalicelib.exports.model import LIFETIME
from chalicelib.jobs.model import JobState, new_job
from chalicelib.jobs.request import jobs_of, require_no_running_job


class ListRequest(LockRequest):
    """The body of `POST /api/staff/petitions/{slug}/lists`. It has addresses, so one of both is required."""


class OptInList(LockedJob):
    """`parts`: for each written bucket (partition of signatures), the S3 key of its rows.

    `earlier`: the id of the latest list that was done when this list was requested.
    """

    kind: ClassVar[str] = "list"
    lifetime: ClassVar[timedelta] = LIFETIME

    earlier: str | None = None
    parts: list[str] = Field(default_factory=list)
    subscribed: int = 0
    unsubscribed: int = 0

    @property
    def next_bucket(self) -> str | None:
        """Return None if all are written."""
        written = len(self.parts)
        return keys.BUCKETS[written] if written < len(keys.BUCKETS) else None


def new_list(request: ListRequest, slug: str, owner: str, now: datetime, tables: Tables) -> OptInList:
    """Return it, not stored yet. Raise Invalid without a valid public key or a passphrase.

    Raise NotNow while another list's job runs: if it succeeds, the new list must continue that list.
    """
    if not (request.recipient or request.passphrase):
        raise Invalid([FieldError("recipient", "Paste a public key, or choose a passphrase: the file has addresses")])
    lock = lock_fields(request)
    require_no_running_job(OptInList, slug, now, tables)
    return new_job(OptInList, slug, owner, now, earlier=latest_done_id(slug, tables), **lock)


def latest_done_id(slug: str, tables: Tables) -> str | None:
    """Even if its file has expired."""
    newest_first = jobs_of(OptInList, slug, tables)
    return next((job.job_id for job in newest_first if job.state is JobState.DONE), None)
