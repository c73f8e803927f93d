"""A job: long work (an export, an import, an update) done in steps, each within the time limit of a Lambda function.

waiting ──► running ──► done ──► expired (not stored: derived from `expires_at`)
   └───────────┴──────► failed or cancelled

An open job is `retrying` (not stored: derived from `beat_at`) while it waits for another worker, because a worker that
ran it was killed.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from secrets import token_hex
from typing import Annotated, Any, ClassVar, Generic, NamedTuple, Protocol, Self, TypeVar

from pydantic import StringConstraints

from chalicelib.core.models import FrozenModel, LazyModel
from chalicelib.core.times import Moment

# A job runs for minutes, so one `now` would be wrong at its end: read the clock for each step.
Clock = Callable[[], datetime]
# Returns whether the Lambda function can still run for this many seconds.
HasTime = Callable[[float], bool]
# The worker drops the message if the job is not stored by then. So this is longer than the timeout of the function that
# stores it.
START_DELAY = timedelta(seconds=20)
# A worker that has been silent for this long was killed: three times the usual silence (jobs/run.py).
SILENCE = timedelta(seconds=90)


# As `new_id` makes them: the job's key, a dot, the time and a random part.
JOB_ID_PATTERN = r"^[a-z0-9-]{1,60}\.[A-Za-z0-9-]{1,60}$"


class JobMessage(LazyModel):
    """The message that tells a worker to run a job. `half`: of what a passphrase is made of (exports/lock.py)."""

    kind: str
    job_id: Annotated[str, StringConstraints(pattern=JOB_ID_PATTERN)]
    half: str = ""


class JobState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    RETRYING = "retrying"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Job(FrozenModel):
    """A job, as stored. Each kind of job is a subclass, which adds fields for its request, progress and result.

    Only one job of a kind runs at a time for each `key`, such as a petition's slug. `lifetime`: how long after its
    request a finished job expires. `patience`: how long a job may make no progress before it counts as failed; longer
    than any function runs. `touched_at`: when the job was
    last stored. `steps`: the number of recorded steps. `processed` of `expected` units of work are done. `rests_until`:
    no step starts before this time. `beat_at`: when a worker last showed that it runs the job. `why`: a sentence for
    staff that says why the job failed.
    """

    kind: ClassVar[str]
    lifetime: ClassVar[timedelta]
    patience: ClassVar[timedelta] = timedelta(hours=6)

    job_id: str
    requested_by: str
    requested_at: Moment
    touched_at: Moment
    state: JobState = JobState.WAITING
    steps: int = 0
    processed: int = 0
    expected: int = 0
    rests_until: Moment | None = None
    beat_at: Moment | None = None
    why: str | None = None

    @property
    def key(self) -> str:
        return self.job_id.partition(".")[0]

    @property
    def slug(self) -> str:
        """For a job of a petition."""
        return self.key

    @property
    def is_open(self) -> bool:
        return self.state in (JobState.WAITING, JobState.RUNNING)

    @property
    def expires_at(self) -> datetime:
        return self.requested_at + self.lifetime

    def at(self, now: datetime) -> Self:
        """Return the job as failed if it is stored as open, but made no progress for `patience`. A rest uses none."""
        patience_starts_at = self.touched_at
        if self.rests_until:
            patience_starts_at = max(self.touched_at, self.rests_until)
        is_stalled = self.is_open and now >= patience_starts_at + self.patience
        return self.as_stalled() if is_stalled else self

    def remaining_rest(self, now: datetime) -> timedelta:
        if self.rests_until is None or self.rests_until <= now:
            return timedelta()
        return self.rests_until - now

    def state_at(self, now: datetime) -> JobState:
        """It differs from the stored one if the job has expired, stalled, or retries."""
        if self.state is JobState.DONE and now >= self.expires_at:
            return JobState.EXPIRED
        job = self.at(now)
        return JobState.RETRYING if job.is_open and self.is_silent(now) else job.state

    def is_silent(self, now: datetime) -> bool:
        """Return whether a worker should run the job now, but none has shown so for SILENCE."""
        if self.beat_at is None:  # The job has not begun, or began before there were beats.
            return False
        return now >= max(self.beat_at, self.rests_until or self.beat_at) + SILENCE

    def in_end_state(self, state: JobState, **fields: Any) -> Self:
        return self.model_copy(update={"state": state, **fields})

    def as_stalled(self) -> Self:
        why = f"The {self.kind} made no progress for hours and was stopped. Start another"
        return self.in_end_state(JobState.FAILED, why=why)


JobType = TypeVar("JobType", bound=Job)


def new_job(model: type[JobType], key: str, owner: str, now: datetime, **fields: Any) -> JobType:
    """Not stored yet. `key`: as for `new_id`."""
    moment = now.replace(microsecond=0)  # As times are stored.
    return model(job_id=new_id(key, moment), requested_by=owner, requested_at=moment, touched_at=moment, **fields)


def new_id(key: str, now: datetime) -> str:
    """The ids of one key sort by time. A key (such as a slug) has only lower-case letters, digits and hyphens."""
    return f"{key}.{now:%Y%m%dT%H%M%SZ}-{token_hex(4)}"


class Step(NamedTuple, Generic[JobType]):
    """`act` does the step and returns the changed job. It takes `seconds` at most."""

    seconds: float
    act: Callable[[], JobType]


class Work(Protocol[JobType]):
    """The work of a job. A step may be done twice, even by two processes at once, and is recorded once after that."""

    def next_step(self, job: JobType) -> Step[JobType]:
        """The `act` of the last step returns the job in an end state."""

    def tidy(self, job: JobType) -> None:
        """Delete what the job no longer needs after its end, such as its file."""
