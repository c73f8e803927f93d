"""The job that reminds people to confirm: on while it runs, and staff switch it on for each petition."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.models import ClosedModel
from chalicelib.jobs.model import Clock, Job, JobState, Step
from chalicelib.jobs.run import JobKind
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.model import PetitionState
from chalicelib.signatures.mail_state import request_reminder
from chalicelib.signatures.walk import read_unconfirmed

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


# Signatures and seconds of a step. It writes to each signature that it reminds.
PAGE_SIZE = 500
PAGE_SECONDS = 60
# A walk reads all signatures of the petition. With a million, it costs a few cents.
WALK_EVERY = timedelta(hours=6)
ENDED = (PetitionState.CLOSED, PetitionState.REMOVED)


@dataclass(frozen=True)
class RemindingWork:
    clock: Clock
    tables: Tables

    def next_step(self, job: Reminding) -> Step[Reminding]:
        state = petition_as_stored(job.slug, self.tables).state_at(self.clock())
        if state in ENDED:
            return Step(0, lambda: job.in_end_state(JobState.DONE))
        is_walk_over = job.bucket >= len(keys.BUCKETS)
        if is_walk_over or state is not PetitionState.OPEN:  # A paused petition or a draft may open again.
            return Step(0, lambda: self._rest(job))
        return Step(PAGE_SECONDS, lambda: self._remind_page(job))

    def tidy(self, job: Reminding) -> None:
        """Reminders leave nothing to delete."""

    def _rest(self, job: Reminding) -> Reminding:
        """The next walk begins with the first bucket."""
        changes = {"bucket": 0, "after": "", "rests_until": self.clock() + WALK_EVERY}
        return job.model_copy(update=changes)

    def _remind_page(self, job: Reminding) -> Reminding:
        now = self.clock()
        mailed_before = now - timedelta(hours=job.hours)
        bucket = keys.BUCKETS[job.bucket]
        found, last = read_unconfirmed(job.slug, bucket, job.after, PAGE_SIZE, mailed_before, self.tables)
        signature_keys = [keys.signature(job.slug, item["sk"]) for item in found]
        reminded = sum(request_reminder(key, mailed_before, now, self.tables) for key in signature_keys)
        cursor = {"after": "", "bucket": job.bucket + 1} if last is None else {"after": last}
        return job.model_copy(update={**cursor, "processed": job.processed + reminded})


KIND = JobKind(Reminding, lambda _, context: RemindingWork(context.clock, context.tables))
