"""Helpers for tests of removals."""

from typing import Any

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.jobs.model import JobState
from chalicelib.removals.model import Condition, Removal, RemovalAction
from tests.actors import NOW


def store_removal(tables: Tables, **changes: Any) -> Removal:
    """Store a removal that is done, or as `changes` say."""
    values: dict[str, Any] = {
        "job_id": "safe-children.done",
        "requested_by": "bob",
        "requested_at": NOW,
        "touched_at": NOW,
        "state": JobState.DONE,
        "action": RemovalAction.REMOVE,
        "condition": Condition(domain="mail.example"),
        "reason": "One network",
        **changes,
    }
    job = Removal.model_validate(values)
    tables.put(keys.job(job.kind, job.job_id), job.model_dump(exclude_none=True))
    tables.put(keys.latest_job(job.kind, job.key), {"job_id": job.job_id})
    return job
