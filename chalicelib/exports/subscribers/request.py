"""A list of the people who asked for updates, for a charity that sends its updates from another system.

It continues the latest list that is done: who was on an earlier list and no longer gets updates is unsubscribed.
"""

from datetime import datetime, timedelta
from typing import Annotated, ClassVar

from pydantic import Field

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.models import ClosedModel, FrozenModel
from chalicelib.core.times import Moment
from chalicelib.exports.model import LIFETIME, MAX_RECIPIENT_LENGTH
from chalicelib.exports.write import recipient_of
from chalicelib.jobs.model import Job, JobState, new_job
from chalicelib.jobs.request import jobs_of, require_no_running_job


class ListRequest(ClosedModel):
    """The body of `POST /api/staff/petitions/{slug}/lists`."""

    recipient: Annotated[str, Field(max_length=MAX_RECIPIENT_LENGTH)]
    """An age public key (age1...). Only its owner can read the file.
    Required: the file has addresses. A private key is refused and not stored.
    """


class ListResult(FrozenModel):
    """`file` is the S3 key. `size` (bytes) and `sha256` are of the encrypted file."""

    file: str
    size: int
    sha256: str
    finished_at: Moment


class OptInList(Job):
    """`parts`: for each written bucket (partition of signatures), the S3 key of its rows.

    `earlier`: the id of the latest list that was done when this list was requested.
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
    def next_bucket(self) -> str | None:
        """Return None if all are written."""
        written = len(self.parts)
        return keys.BUCKETS[written] if written < len(keys.BUCKETS) else None


def new_list(request: ListRequest, slug: str, owner: str, now: datetime, tables: Tables) -> OptInList:
    """Return it, not stored yet. Raise Invalid if the recipient's public key is invalid.

    Raise NotNow while another list's job runs: if it succeeds, the new list must continue that list.
    """
    recipient = recipient_of(request.recipient)
    require_no_running_job(OptInList, slug, now, tables)
    return new_job(OptInList, slug, owner, now, recipient=recipient, earlier=latest_done_id(slug, tables))


def latest_done_id(slug: str, tables: Tables) -> str | None:
    """Even if its file has expired."""
    newest_first = jobs_of(OptInList, slug, tables)
    return next((job.job_id for job in newest_first if job.state is JobState.DONE), None)
