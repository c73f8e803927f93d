"""Run jobs. Each message in a job queue names one job. After a run, a new message is queued until the job has ended."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from chalice.app import SQSEvent

from chalicelib.aws.bucket import files_bucket
from chalicelib.aws.queue import LONGEST_DELAY, Queue
from chalicelib.aws.table import tables
from chalicelib.core import log, times
from chalicelib.core.errors import Unavailable, UnknownThing
from chalicelib.core.settings import settings
from chalicelib.edge.batch import Failures, handle_messages
from chalicelib.jobs.model import JobMessage, JobType, Work
from chalicelib.jobs.request import find_job, outgoing, record_beat
from chalicelib.jobs.run import HIDDEN_SECONDS, JobContext, JobKind, heartbeat, run

# After an AWS error. The new message counts its receives anew, so a long outage makes no dead letter.
RETRY_SECONDS = 60


def run_jobs(event: SQSEvent, kind_of: Callable[[str], JobKind[Any]], queue: Queue) -> Failures:
    """Run the job of each message. Drop a message without a job: perhaps the job was never stored."""

    def has_time(seconds: float) -> bool:
        context: Any = event.context
        return bool(context.get_remaining_time_in_millis() >= seconds * 1000)

    # The event has one message (`batch_size`).
    hidden = {record.receipt_handle: HIDDEN_SECONDS for record in event}

    def handle(body: Mapping[str, Any]) -> None:
        message = JobMessage.model_validate(body)
        kind = kind_of(message.kind)

        def run_in_folder(job: JobType) -> JobType:
            with TemporaryDirectory(prefix=f"{job.kind}-") as folder:
                context = JobContext(tables(), files_bucket, times.now, settings(), Path(folder), message.half)
                work: Work[JobType] = kind.work_of(job, context)
                return run(job, work, has_time, times.now, tables())

        def beat() -> None:
            with suppress(Unavailable):
                queue.deliver_again_in(hidden)
            with suppress(Unavailable):
                record_beat(kind.model, message.job_id, times.now(), tables())

        with heartbeat(beat):
            _run(message, kind.model, queue, run_in_folder)

    return handle_messages(event, handle, queue)


def _run(message: JobMessage, model: type[JobType], queue: Queue, run_job: Callable[[JobType], JobType]) -> None:
    """If the job has not ended, queue a message that runs it again later."""
    try:
        try:
            stored = find_job(model, message.job_id, tables())
        except UnknownThing:
            log.event("job_unknown", kind=model.kind)
            return
        job = run_job(stored)
    except Unavailable as error:
        queue.send([outgoing(message, RETRY_SECONDS)])
        log.event("job_rests", kind=model.kind, job=message.job_id, because=str(error))
    else:
        if job.is_open:
            rest_seconds = ceil(job.remaining_rest(times.now()).total_seconds())
            # If the job rests for longer, the next run does no step, and queues another message.
            queue.send([outgoing(message, min(LONGEST_DELAY, rest_seconds))])
        log.event("job_worked_on", kind=job.kind, job=job.job_id, petition=job.key, state=job.state, why=job.why)
