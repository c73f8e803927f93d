"""Store and find jobs in the counts table. Their items have no personal data.

Jobs of one kind and key (mostly a petition) run one at a time. The item LATEST has the id of their latest job, which is
the only one that can be running. A job has stalled if it is stored as open (waiting or running), but made no progress
for too long. Then it counts as failed.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from chalicelib.aws.table import Attr, Change, Condition, NewItem, Tables, is_still
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed, NotNow, UnknownThing
from chalicelib.core.times import iso
from chalicelib.jobs.model import Job, JobState, JobType

_is_open = Attr("state").eq(JobState.WAITING) | Attr("state").eq(JobState.RUNNING)


def add(job: Job, tables: Tables) -> None:
    """Store a new job. Raise NotNow while another of its kind runs for the same key. Store a stalled one as failed."""
    pointer = keys.latest_job(job.kind, job.key)
    now = job.requested_at
    pointer_item = tables.get(pointer, consistent=True)
    latest_id = pointer_item["job_id"] if pointer_item else None
    latest = find(type(job), latest_id, tables) if latest_id else None
    if latest and latest.at(now).is_open:
        raise already_running_error(job)
    point_to_job = Change(pointer, {"job_id": job.job_id}, when=is_still("job_id", latest_id))
    writes: list[Change | NewItem] = [point_to_job, NewItem(_key(job), _item(job))]
    if latest and latest.is_open:  # The latest job has stalled.
        change_to_failed = _change_between(latest, latest.as_stalled(), now, _is_open_and_unchanged(latest))
        writes.append(change_to_failed)
    try:
        tables.transact(writes)
    except ConditionFailed:  # Meanwhile, another job was started, or the stalled job made progress.
        raise already_running_error(job) from None


def find(model: type[JobType], job_id: str, tables: Tables) -> JobType | None:
    item = tables.get(keys.job(model.kind, job_id), consistent=True)
    return model.model_validate(item) if item else None


def newest_first(model: type[JobType], key: str, tables: Tables) -> Iterator[JobType]:
    items = tables.query(keys.COUNTS, keys.job_partition(model.kind, key), consistent=True, backwards=True)
    # Skip the item LATEST, which is in the same partition and has no state.
    return (model.model_validate(item) for item in items if "state" in item)


def advance(job: JobType, after: JobType, now: datetime, tables: Tables) -> JobType:
    """Record a step and return the job as stored: `after`, or the job as another process has changed it meanwhile."""
    return _apply(job, step_change(job, after, now), tables)


def step_change(job: JobType, after: JobType, now: datetime) -> Change:
    """Return the change that records a step. It fails if the job has ended or another process was faster."""
    # The first recorded step makes a waiting job a running one.
    state = JobState.RUNNING if after.state is JobState.WAITING else after.state
    recorded = after.model_copy(update={"steps": job.steps + 1, "state": state})
    return _change_between(job, recorded, now, _is_open_and_unchanged(job))


def cancel(job: JobType, now: datetime, tables: Tables) -> JobType:
    """Cancel the job, unless it has ended, and return it as stored. A step recorded meanwhile does not prevent this."""
    change = _change_between(job, job.in_end_state(JobState.CANCELLED), now, _is_open)
    return _apply(job, change, tables)


def beat(model: type[Job], job_id: str, now: datetime, tables: Tables) -> None:
    """Record that a worker runs the job now, if the job is open."""
    tables.try_update(Change(keys.job(model.kind, job_id), {"beat_at": iso(now)}, when=_is_open))


def _apply(job: JobType, change: Change, tables: Tables) -> JobType:
    """Write the change, unless its condition fails. Return the job as stored after that."""
    try:
        item = tables.update_and_read(change)
    except ConditionFailed as failure:
        if failure.item is None:  # The job is not stored.
            raise UnknownThing(f"There is no such {job.kind}.") from None
        item = dict(failure.item)
    return type(job).model_validate(item)


def _change_between(before: Job, after: Job, now: datetime, when: Condition) -> Change:
    """Return the change that writes `touched_at`, and only those fields in which `before` and `after` differ."""
    old = _item(before)
    new = {**_item(after), "touched_at": iso(now)}
    assign = {name: value for name, value in new.items() if value != old.get(name)}
    remove = sorted(old.keys() - new.keys())
    return Change(_key(before), assign, remove=remove, when=when)


def _is_open_and_unchanged(job: Job) -> Condition:
    """Return the condition that the job is open, and that no step was recorded since the job was read."""
    return _is_open & Attr("steps").eq(job.steps)


def already_running_error(job: Job) -> NotNow:
    return NotNow(f"Another {job.kind} is already running.")


def _key(job: Job) -> keys.Key:
    return keys.job(job.kind, job.job_id)


def _item(job: Job) -> dict[str, Any]:
    return job.model_dump(exclude_none=True)
