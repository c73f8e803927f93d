"""Run a job, step by step, until it ends or time runs short. After a crash at any point, the next run continues.

Processes do not lock a job, so every step may be done twice (see `Work`). A worker shows by its heartbeat that it is
alive. After its process was killed, the message soon comes again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Generic, NamedTuple

from chalicelib.aws.bucket import Bucket
from chalicelib.aws.table import Tables
from chalicelib.core.settings import Settings
from chalicelib.jobs.model import Clock, HasTime, JobState, JobType, Work
from chalicelib.jobs.request import advance

BEAT_SECONDS = 30.0
# After the last beat. Then the queue delivers the message to another worker.
HIDDEN_SECONDS = 240


class JobContext(NamedTuple):
    """What a job works with. `folder`: an empty directory, which is deleted when the run ends.

    `bucket`: call it only if needed, because building its client takes long. `half`: that of the message.
    """

    tables: Tables
    bucket: Callable[[], Bucket]
    clock: Clock
    settings: Settings
    folder: Path
    half: str


class JobKind(NamedTuple, Generic[JobType]):
    model: type[JobType]
    work_of: Callable[[JobType, JobContext], Work[JobType]]


@contextmanager
def heartbeat(beat: Callable[[], None], wait: Callable[[Event, float], bool] = Event.wait) -> Iterator[None]:
    is_over = Event()

    def keep_beating() -> None:
        while not wait(is_over, BEAT_SECONDS):
            beat()

    beat()
    # A daemon never keeps a process alive that should end.
    thread = Thread(target=keep_beating, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def run(job: JobType, work: Work[JobType], has_time: HasTime, clock: Clock, tables: Tables) -> JobType:
    """If the job has ended, now or in an earlier run, delete what it no longer needs (`tidy`).

    If the returned job is open, it rests or time ran short: a later run continues it.
    """
    while job.is_open:
        if job.state_at(clock()) is JobState.FAILED:  # Open as stored, but it has made no progress for too long.
            job = advance(job, job.as_stalled(), clock(), tables)
            continue
        if job.remaining_rest(clock()):
            return job
        step = work.next_step(job)
        if not has_time(step.seconds):
            return job
        job = advance(job, step.act(), clock(), tables)
    work.tidy(job)
    return job
