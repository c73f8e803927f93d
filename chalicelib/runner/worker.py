"""The two Lambda functions that run jobs: two, so that the role of one cannot read an email address
(docs/decisions/029).
"""

from importlib import import_module
from typing import Any

from chalice.app import Blueprint, SQSEvent

from chalicelib.aws.queue import address_job_queue, job_queue
from chalicelib.edge.batch import QUEUE_ARN, Failures
from chalicelib.jobs.run import JobKind
from chalicelib.jobs.worker import run_jobs

workers = Blueprint(__name__)
# A run imports only the module of its kind: a cold start with all modules takes longer.
JOBS = {
    "export": "exports.run",
    "reminding": "reminders.run",
    "retention": "retention.run",
    "update": "updates.worker",
}
ADDRESS_JOBS = {"import": "partners.imports.worker", "list": "exports.subscribers.run", "removal": "removals.run"}


@workers.on_sqs_message(queue_arn=QUEUE_ARN, batch_size=1)
def run_job(event: SQSEvent) -> Failures:
    return run_jobs(event, lambda kind: _kind_in(JOBS[kind]), job_queue())


@workers.on_sqs_message(queue_arn=QUEUE_ARN, batch_size=1)
def run_address_job(event: SQSEvent) -> Failures:
    return run_jobs(event, lambda kind: _kind_in(ADDRESS_JOBS[kind]), address_job_queue())


def _kind_in(module: str) -> JobKind[Any]:
    kind: JobKind[Any] = import_module(f"chalicelib.{module}").KIND
    return kind
