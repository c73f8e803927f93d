"""A job: long work, done in steps that each fit a function's time limit.

waiting ──► running ──► done ──► expired (derived from its date, not stored)
   └───────────┴──────► failed or cancelled
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from secrets import token_hex
from typing import Annotated, Any, ClassVar, Generic, NamedTuple, Protocol, Self, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints

from chalicelib.core.times import Moment

# A job runs for minutes, so one `now` would be wrong at its end: the runner reads the clock around each step.
Clock = Callable[[], datetime]
# Whether the function may still run for this many seconds.
HasTime = Callable[[float], bool]
# The message of a new job arrives after this time, and is dropped if the job is not stored. So the delay is longer
# than the timeout of the function that starts the job.
START_DELAY = timedelta(seconds=20)


JOB_ID_PATTERN = r"^[a-z0-9-]{1,60}\.[A-Za-z0-9-]{1,60}$"


class JobMessage(BaseModel):
    """The message in the queue of a kind of job."""

    model_config = ConfigDict(defer_build=True)

    job_id: Annotated[str, StringConstraints(pattern=JOB_ID_PATTERN)]


class JobState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Job(BaseModel):
    """The stored item. A kind of job is a subclass; it adds its request, cursor and result as fields.

    For each key, such as a petition's slug, one job of a kind runs at a time. `lifetime`: after it, a finished job has
    expired. `patience`: a job without progress for this long has failed; longer than any function runs. `secrets`: the
    fields that are removed when the job ends. `steps`: how many are recorded. `processed` of `expected` is the
    progress, in the kind's own unit. `rests_until`: no step starts earlier. `why` is a sentence for staff.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    kind: ClassVar[str]
    lifetime: ClassVar[timedelta]
    patience: ClassVar[timedelta] = timedelta(hours=6)
    secrets: ClassVar[tuple[str, ...]] = ()

    job_id: str
    requested_by: str
    requested_at: Moment
    touched_at: Moment
    state: JobState = JobState.WAITING
    steps: int = 0
    processed: int = 0
    expected: int = 0
    rests_until: Moment | None = None
    why: str | None = None

    @property
    def key(self) -> str:
        return self.job_id.partition(".")[0]

    @property
    def is_open(self) -> bool:
        """Return whether the stored state is waiting or running."""
        return self.state in (JobState.WAITING, JobState.RUNNING)

    @property
    def expires_at(self) -> datetime:
        return self.requested_at + self.lifetime

    def at(self, now: datetime) -> Self:
        """Return the job as it is now: a stalled job has failed, with a reason, even if this is not stored yet."""
        worked_until = max(self.touched_at, self.rests_until or self.touched_at)
        is_stalled = self.is_open and now >= worked_until + self.patience
        return self.stalled() if is_stalled else self

    def rest(self, now: datetime) -> timedelta:
        """Return for how long the job still rests; zero if it does not rest."""
        return max(timedelta(), self.rests_until - now) if self.rests_until else timedelta()

    def state_at(self, now: datetime) -> JobState:
        if self.state is JobState.DONE and now >= self.expires_at:
            return JobState.EXPIRED
        return self.at(now).state

    def in_end_state(self, state: JobState, **fields: Any) -> Self:
        """Return the job as it ends: with these fields, and without its secrets."""
        return self.model_copy(update={"state": state, **dict.fromkeys(self.secrets), **fields})

    def stalled(self) -> Self:
        return self.in_end_state(
            JobState.FAILED, why=f"The {self.kind} made no progress for hours and was stopped. Start another"
        )


JobType = TypeVar("JobType", bound=Job)


def new_id(key: str, now: datetime) -> str:
    """Return a new job's id. The ids of a key sort by time. A key has only lower-case letters, digits and hyphens."""
    return f"{key}.{now:%Y%m%dT%H%M%SZ}-{token_hex(4)}"


class Step(NamedTuple, Generic[JobType]):
    """One step of a job: `act` returns the job as it is afterwards, and takes `seconds` at most."""

    seconds: float
    act: Callable[[], JobType]


class Work(Protocol[JobType]):
    """What a kind of job does.

    A step is recorded after it was done. So a step may be done twice, even by two processes at the same time. It is
    recorded once.
    """

    def next_step(self, job: JobType) -> Step[JobType]:
        """Return the next step of an open job. The last step returns the job as `in_end_state` does."""

    def tidy(self, job: JobType) -> None:
        """Delete what an ended job does not need."""
