"""Store a job in any state, as one that Bob requested at NOW."""

from typing import Any

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.jobs.model import JobType
from tests.actors import NOW


def store_job(kind: type[JobType], tables: Tables, **fields: Any) -> JobType:
    requested = {"job_id": "safe-children.waiting", "requested_by": "bob", "requested_at": NOW, "touched_at": NOW}
    job = kind.model_validate(requested | fields)
    tables.put(keys.job(job.kind, job.job_id), job.model_dump(exclude_none=True))
    tables.put(keys.latest_job(job.kind, job.key), {"job_id": job.job_id})
    return job
