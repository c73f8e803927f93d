"""The job that reminds people to confirm: on while it runs, and staff switch it on for each petition."""

from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field

from chalicelib.core.models import ClosedModel
from chalicelib.jobs.model import Job

# A link to confirm works for 14 days. Sooner than in half a day, many people have not yet read their email.
MIN_HOURS, MAX_HOURS, DEFAULT_HOURS = 12, 240, 48
Hours = Annotated[int, Field(ge=MIN_HOURS, le=MAX_HOURS)]


class ReminderRequest(ClosedModel):
    hours: Hours = DEFAULT_HOURS


class Reminding(Job):
    """Walk through the petition's signatures every few hours, until it closes. The job's key is the petition's slug.

    `hours`: since the person's last email. `processed`: how many people have been reminded. This walk has read all
    buckets with an index below `bucket`, and in that one, the signatures up to the id `after`.
    """

    kind: ClassVar[str] = "reminding"
    # A job that is done is only history: it has no file, and never expires.
    lifetime: ClassVar[timedelta] = timedelta(days=36_500)

    hours: int
    bucket: int = 0
    after: str = ""
