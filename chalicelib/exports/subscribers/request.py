"""A list of the people who asked for updates, for a charity that sends its updates from another system.

A list is a job: it is done in steps (chalicelib.jobs). It continues the latest list that is done: people who were on an
earlier list and no longer get updates are listed as unsubscribed.
"""

from datetime import datetime, timedelta
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.times import Moment
from chalicelib.exports.model import LIFETIME, MAX_RECIPIENT_LENGTH
from chalicelib.exports.write import recipient_of
from chalicelib.jobs.model import Job, JobState, new_job
from chalicelib.jobs.request import jobs_of, require_no_running_job


class ListRequest(BaseModel):
    """The body of `POST /api/staff/petitions/{slug}/lists`."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    recipient: Annotated[str, Field(max_length=MAX_RECIPIENT_LENGTH)]
    """An age public key (age1...). Only its owner can read the file.
    Required: the file has addresses. A private key is refused and not stored.
    """


class ListResult(BaseModel):
    """The file of a finished list. `file` is its S3 key. `size` (bytes) and `sha256` are of the encrypted file."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    file: str
    size: int
    sha256: str
    finished_at: Moment


class OptInList(Job):
    """The stored item. `parts`: for each bucket (partition of signatures) that is written, the S3 key of its rows.

    `earlier`: the id of the latest list that was done when this list was requested. People who were on that list or an
    older list, and no longer get updates, are listed as unsubscribed.
    """

    kind: ClassVar[str] = "list"
    lifetime: ClassVar[timedelta] = LIFETIME

    recipient: str
    earlier: str | None = None
    parts: list[str] = Field(default_factory=list)
    subscribed: int = 0
    unsubscribed: int = 0
    result: ListResult | None = None

    @property
    def slug(self) -> str:
        return self.key

    @property
    def next_bucket(self) -> str | None:
        """Return the bucket (partition of signatures) that the next step writes; None if all are written."""
        written = len(self.parts)
        return keys.BUCKETS[written] if written < len(keys.BUCKETS) else None


def new_list(request: ListRequest, slug: str, owner: str, now: datetime, tables: Tables) -> OptInList:
    """Return a new list, not stored yet.

    Raise Invalid if the recipient's public key is invalid. Raise NotNow while the job of another list of the petition
    runs: if that job succeeds, the new list must continue that list.
    """
    recipient = recipient_of(request.recipient)
    require_no_running_job(OptInList, slug, now, tables)
    return new_job(OptInList, slug, owner, now, recipient=recipient, earlier=latest_done_id(slug, tables))


def latest_done_id(slug: str, tables: Tables) -> str | None:
    """Return the id of the petition's latest list that is done, even if its file has expired; None if there is none."""
    for job in jobs_of(OptInList, slug, tables):  # Newest first.
        if job.state is JobState.DONE:
            return job.job_id
    return None
