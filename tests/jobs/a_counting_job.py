"""A second kind of job. It shows that a kind is one file: it counts the signatures of a petition."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.jobs.model import Job, JobState, Step, new_id
from chalicelib.signatures.walk import read_for_export
from tests.actors import NOW

SECONDS = 5
BUCKETS_A_STEP = 16
STEPS = len(keys.BUCKETS) // BUCKETS_A_STEP


class Count(Job):
    """The cursor is `processed`: the number of counted buckets. `found` is the result so far."""

    kind: ClassVar[str] = "count"
    lifetime: ClassVar[timedelta] = timedelta(days=1)
    patience: ClassVar[timedelta] = timedelta(hours=1)
    secrets: ClassVar[tuple[str, ...]] = ("note",)

    note: str | None = None
    found: int = 0


@dataclass(frozen=True)
class Counting:
    """The work. `tidied` are the ids of the jobs that ended."""

    tables: Tables
    tidied: list[str] = field(default_factory=list)

    def next_step(self, count: Count) -> Step[Count]:
        return Step(SECONDS, lambda: self._counted(count))

    def _counted(self, count: Count) -> Count:
        buckets = keys.BUCKETS[count.processed : count.processed + BUCKETS_A_STEP]
        found = sum(1 for bucket in buckets for _ in read_for_export(count.key, bucket, self.tables))
        update = {"found": count.found + found, "processed": count.processed + len(buckets)}
        after = count.model_copy(update=update)
        return after if after.processed < after.expected else after.in_end_state(JobState.DONE)

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
        note="not for long",
    )
