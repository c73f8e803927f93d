"""Start, find and cancel jobs. A job is long work that is done in steps, such as an export.

A job's key is what it works for, such as a petition's slug.
"""

import re
from collections.abc import Iterator
from datetime import datetime

from chalicelib.aws.queue import Outgoing, Queue
from chalicelib.aws.table import Tables
from chalicelib.core.errors import UnknownThing
from chalicelib.jobs import store
from chalicelib.jobs.model import JOB_ID_PATTERN, START_DELAY, Job, JobType

_job_id = re.compile(JOB_ID_PATTERN)


def job_message(kind: str, job_id: str, delay: int) -> Outgoing:
    """Return the message that makes a worker run the job, after `delay` seconds."""
    return Outgoing({"kind": kind, "job_id": job_id}, delay)


def start(job: Job, queue: Queue, tables: Tables) -> None:
    """Store a new job, and queue its message. Raise NotNow while another job of its kind runs for the same key.

    We send the message first. If the job is then not stored, the worker drops the message. A stored job without a
    message would never run, and would block the next job.
    """
    delay = int(START_DELAY.total_seconds())
    queue.send([job_message(job.kind, job.job_id, delay)])
    store.add(job, tables)


def require_no_running_job(model: type[JobType], key: str, now: datetime, tables: Tables) -> None:
    """Raise NotNow while another job of this kind and key runs.

    `start` makes the same check. Call this function too if you store something before `start`.
    """
    latest = next(jobs_of(model, key, tables), None)
    if latest and latest.at(now).is_open:
        raise store.already_running_error(latest)


def find_job(model: type[JobType], job_id: str, tables: Tables, key: str | None = None) -> JobType:
    """Return the job with this id. Raise UnknownThing if there is no such job, or if it works for another `key`.

    A malformed id is not looked up, because AWS refuses very long keys.
    """
    job = store.find(model, job_id, tables) if _job_id.fullmatch(job_id) else None
    is_for_another_key = job is not None and key is not None and key != job.key
    if job is None or is_for_another_key:
        raise UnknownThing(f"There is no such {model.kind}.")
    return job


def jobs_of(model: type[JobType], key: str, tables: Tables) -> Iterator[JobType]:
    """Yield the jobs of this kind and key, newest first."""
    return store.newest_first(model, key, tables)


def cancel(job: JobType, now: datetime, tables: Tables) -> JobType:
    """Cancel the job, unless it has ended, and return it as stored. A repeat changes nothing.

    A step that runs now still ends, but it is not recorded, and no other step follows. The next job can start at once.
    """
    return store.cancel(job, now, tables)
