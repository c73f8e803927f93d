"""Run the jobs whose messages are in the updates queue. These jobs publish updates and email them."""

from pathlib import Path

from chalice.app import Blueprint, SQSEvent

from chalicelib.aws.queue import mail_queue, other_mail_queue, updates_queue
from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.edge.batch import QUEUE_ARN, Failures
from chalicelib.jobs.worker import run_jobs
from chalicelib.mail.kind import Outbox
from chalicelib.updates.kinds import UPDATE_KINDS
from chalicelib.updates.model import Mailing
from chalicelib.updates.run import MailingWork

workers = Blueprint(__name__)


@workers.on_sqs_message(queue_arn=QUEUE_ARN, batch_size=1)
def run_update(event: SQSEvent) -> Failures:
    return run_jobs(event, Mailing, updates_queue(), _work)


def outbox() -> Outbox:
    return Outbox(mail_queue(), other_mail_queue(), UPDATE_KINDS)


def _work(mailing: Mailing, folder: Path) -> MailingWork:
    """Return what does the steps of a mailing. Both arguments are unused: `run_jobs` gives them to each kind of job."""
    return MailingWork(outbox(), times.now, tables())
