"""Start, find and cancel jobs, and record their steps.

A job's key is what it works for, such as a petition's slug. Jobs of one kind and key run one at a time: LATEST has the
id of their latest job. A stalled job, open without progress for too long, counts as failed. Jobs have no personal data.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.aws.queue import Outgoing, Queue
from chalicelib.aws.table import Attr, Change, Condition, NewItem, Tables, is_still
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed, NotNow, UnknownThing
from chalicelib.core.times import iso
from chalicelib.jobs.model import JOB_ID_PATTERN, START_DELAY, Job, JobMessage, JobState, JobType

_job_id = re.compile(JOB_ID_PATTERN)
_is_open = Attr("state").eq(JobState.WAITING) | Attr("state").eq(JobState.RUNNING)


def start(job: Job, queue: Queue, tables: Tables, half: str = "") -> None:
    """Store a new job, and queue its message. Raise NotNow while another job of its kind runs for the same key.

    The message comes first, and is dropped if the job is then not stored. A stored job without a message would never
    run, and would block the next job.
    """
    writes = _writes_of_start(job, tables)
    message = JobMessage(kind=job.kind, job_id=job.job_id, half=half)
    queue.send([outgoing(message, int(START_DELAY.total_seconds()))])
    try:
        tables.transact(writes)
    except ConditionFailed:  # Meanwhile, another job was started, or the stalled job made progress.
        raise _already_running(job) from None


def _writes_of_start(job: Job, tables: Tables) -> Sequence[Change | NewItem]:
    """Also store a stalled job as failed. Raise NotNow while another one runs."""
    pointer = keys.latest_job(job.kind, job.key)
    pointer_item = tables.get(pointer, consistent=True)
    latest_id = pointer_item["job_id"] if pointer_item else None
    latest = _find(type(job), latest_id, tables) if latest_id else None
    point_to_job = Change(pointer, {"job_id": job.job_id}, when=is_still("job_id", latest_id))
    new_item = NewItem(keys.job(job.kind, job.job_id), _fields(job))
    if latest is None or not latest.is_open:
        return [point_to_job, new_item]
    if latest.at(job.requested_at).is_open:
        raise _already_running(job)
    to_failed = _change_between(latest, latest.as_stalled(), job.requested_at, _is_open_and_unchanged(latest))
    return [point_to_job, new_item, to_failed]


def outgoing(message: JobMessage, delay: int) -> Outgoing:
    """Return the message that makes a worker run the job, after `delay` seconds."""
    return Outgoing(message.model_dump(exclude_defaults=True), delay)


def require_no_running_job(model: type[JobType], key: str, now: datetime, tables: Tables) -> None:
    """Raise NotNow while another job of this kind and key runs. For callers that store something before `start`."""
    latest = next(jobs_of(model, key, tables), None)
    if latest and latest.at(now).is_open:
        raise _already_running(latest)


def find_job(model: type[JobType], job_id: str, tables: Tables, key: str | None = None) -> JobType:
    """Raise UnknownThing if there is no such job, or if it works for another `key`.

    A malformed id is not looked up, because AWS refuses very long keys.
    """
    job = _find(model, job_id, tables) if _job_id.fullmatch(job_id) else None
    is_for_another_key = job is not None and key is not None and key != job.key
    if job is None or is_for_another_key:
        raise UnknownThing(f"There is no such {model.kind}.")
    return job


def jobs_of(model: type[JobType], key: str, tables: Tables) -> Iterator[JobType]:
    items = tables.query(keys.COUNTS, keys.job_partition(model.kind, key), consistent=True, backwards=True)
    # The item LATEST, in the same partition, has no state.
    return (model.model_validate(item) for item in items if "state" in item)


def cancel(job: JobType, now: datetime, tables: Tables) -> JobType:
    """Cancel the job, unless it has ended, and return it as stored. A repeat changes nothing.

    A step that runs now still ends, but it is not recorded. The next job can start at once.
    """
    return _apply(job, _change_between(job, job.in_end_state(JobState.CANCELLED), now, _is_open), tables)


def advance(job: JobType, after: JobType, now: datetime, tables: Tables) -> JobType:
    """Return the job as stored: `after`, or as another process has changed it meanwhile."""
    return _apply(job, step_change(job, after, now), tables)


def step_change(job: JobType, after: JobType, now: datetime) -> Change:
    """The change fails if the job has ended or another process was faster."""
    # The first recorded step makes a waiting job a running one.
    state = JobState.RUNNING if after.state is JobState.WAITING else after.state
    recorded = after.model_copy(update={"steps": job.steps + 1, "state": state})
    return _change_between(job, recorded, now, _is_open_and_unchanged(job))


def replace_in_ended(job: Job, fields: Mapping[str, Any], tables: Tables) -> None:
    """For `tidy`: replace what a job that has ended need no longer keep. Nothing if it is not stored."""
    tables.try_update(Change(keys.job(job.kind, job.job_id), fields, when=Attr("state").exists()))


def record_beat(model: type[Job], job_id: str, now: datetime, tables: Tables) -> None:
    tables.try_update(Change(keys.job(model.kind, job_id), {"beat_at": iso(now)}, when=_is_open))


def _find(model: type[JobType], job_id: str, tables: Tables) -> JobType | None:
    item = tables.get(keys.job(model.kind, job_id), consistent=True)
    return model.model_validate(item) if item else None


def _apply(job: JobType, change: Change, tables: Tables) -> JobType:
    try:
        item = tables.update_and_read(change)
    except ConditionFailed as failure:
        if failure.item is None:  # The job is not stored.
            raise UnknownThing(f"There is no such {job.kind}.") from None
        item = dict(failure.item)
    return type(job).model_validate(item)


def _change_between(before: Job, after: Job, now: datetime, when: Condition) -> Change:
    """Write `touched_at`, and only those fields in which `before` and `after` differ."""
    old = _fields(before)
    new = {**_fields(after), "touched_at": iso(now)}
    assign = {name: value for name, value in new.items() if value != old.get(name)}
    remove = sorted(old.keys() - new.keys())
    return Change(keys.job(before.kind, before.job_id), assign, remove=remove, when=when)


def _is_open_and_unchanged(job: Job) -> Condition:
    return _is_open & Attr("steps").eq(job.steps)


def _already_running(job: Job) -> NotNow:
    return NotNow(f"Another {job.kind} is already running.")


def _fields(job: Job) -> dict[str, Any]:
    return job.model_dump(exclude_none=True)
