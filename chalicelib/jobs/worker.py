"""Run jobs from a queue. Each message names a job; a new message follows until the job has ended."""

from collections.abc import Callable, Mapping
from math import ceil
from typing import Any

from chalice.app import SQSEvent

from chalicelib.aws.queue import LONGEST_DELAY, Queue
from chalicelib.aws.table import tables
from chalicelib.core import log, times
from chalicelib.core.errors import Unavailable, UnknownThing
from chalicelib.edge.batch import Failures, each_message
from chalicelib.jobs.model import HasTime, JobMessage, JobType
from chalicelib.jobs.request import find_job, message

# The retry delay after an AWS error. A message that just fails would return after an hour and a half.
REST_SECONDS = 60


def each_job(
    event: SQSEvent, model: type[JobType], queue: Queue, run: Callable[[JobType, HasTime], JobType]
) -> Failures:
    """Run the job of each message. Drop a message whose job does not exist: perhaps it was never stored."""

    def has_time(seconds: float) -> bool:
        context: Any = event.context
        return bool(context.get_remaining_time_in_millis() >= seconds * 1000)

    def handle(body: Mapping[str, Any]) -> None:
        _run(JobMessage.model_validate(body).job_id, model, queue, lambda job: run(job, has_time))

    return each_message(event, handle)


def _run(job_id: str, model: type[JobType], queue: Queue, run: Callable[[JobType], JobType]) -> None:
    try:
        try:
            found = find_job(model, job_id, tables())
        except UnknownThing:
            return log.event("job_unknown", kind=model.kind)
        job = run(found)
    except Unavailable as error:
        queue.send([message(job_id, REST_SECONDS)])
        log.event("job_rests", kind=model.kind, job=job_id, because=str(error))
    else:
        if job.is_open:
            queue.send([message(job_id, min(LONGEST_DELAY, ceil(job.rest(times.now()).total_seconds())))])
        log.event("job_worked_on", kind=job.kind, job=job_id, petition=job.key, state=job.state, why=job.why)
