"""A second kind of job: it counts a petition's signatures. It shows that a new kind of job needs only one file."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.jobs.model import Job, JobState, Step, new_id
from chalicelib.signatures.walk import read_for_export
from tests.actors import NOW

STEP_SECONDS = 5
BUCKETS_PER_STEP = 1
STEPS = len(keys.BUCKETS) // BUCKETS_PER_STEP


class Count(Job):
    """`processed`: the number of counted buckets, where the next step begins. `found`: the result so far."""

    kind: ClassVar[str] = "count"
    lifetime: ClassVar[timedelta] = timedelta(days=1)
    patience: ClassVar[timedelta] = timedelta(hours=1)

    found: int = 0


@dataclass(frozen=True)
class CountingWork:
    """The work of the job. `tidied`: the ids of the jobs that ended."""

    tables: Tables
    tidied: list[str] = field(default_factory=list)

    def next_step(self, count: Count) -> Step[Count]:
        return Step(STEP_SECONDS, lambda: self._count_next(count))

    def _count_next(self, count: Count) -> Count:
        buckets = keys.BUCKETS[count.processed : count.processed + BUCKETS_PER_STEP]
        found = count.found
        for bucket in buckets:
            signatures = list(read_for_export(count.key, bucket, self.tables))
            found += len(signatures)
        after = count.model_copy(update={"found": found, "processed": count.processed + len(buckets)})
        if after.processed < after.expected:
            return after
        return after.in_end_state(JobState.DONE)

    def tidy(self, count: Count) -> None:
        self.tidied.append(count.job_id)


def a_count(key: str = "safe-children", now: datetime = NOW) -> Count:
    """Return a new job, requested by Bob."""
    return Count(
        job_id=new_id(key, now),
        requested_by="bob",
        requested_at=now,
        touched_at=now,
        expected=len(keys.BUCKETS),
    )
