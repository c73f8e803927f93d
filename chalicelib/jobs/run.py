"""Run a job, step by step, until it ends or time runs short. After a crash at any point, the next run continues.

Processes do not lock a job. So after a repeated message or a killed process, a step may be done twice, and every step
must allow that (see `Work`).

A worker shows by its heartbeat that it is alive. After its process was killed, the message soon comes again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from chalicelib.aws.table import Tables
from chalicelib.jobs.model import Clock, HasTime, JobState, JobType, Work
from chalicelib.jobs.request import advance

BEAT_SECONDS = 30.0
# So long after the last beat, the queue delivers the job's message again: to another worker if this one was killed.
HIDDEN_SECONDS = 240


@contextmanager
def heartbeat(beat: Callable[[], None], wait: Callable[[Event, float], bool] = Event.wait) -> Iterator[None]:
    """Call `beat` now, and every BEAT_SECONDS until the block ends. `beat` raises nothing."""
    is_over = Event()

    def keep_beating() -> None:
        while not wait(is_over, BEAT_SECONDS):
            beat()

    beat()
    # The thread is a daemon, so it never keeps a process alive that should end.
    thread = Thread(target=keep_beating, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def run(job: JobType, work: Work[JobType], has_time: HasTime, clock: Clock, tables: Tables) -> JobType:
    """Run the job and return it. If it has ended, now or in an earlier run, delete what it no longer needs (`tidy`).

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
