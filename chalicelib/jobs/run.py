"""Run a job, step by step, until it ends or time runs short. After a crash at any point, the next run continues.

Processes do not lock a job. So after a repeated message or a killed process, a step may be done twice, and every step
must allow that (see `Work`).
"""

from chalicelib.aws.table import Tables
from chalicelib.jobs.model import Clock, HasTime, JobState, JobType, Work
from chalicelib.jobs.request import advance


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
