"""What runs the job that publishes an update and emails it (runner/worker.py)."""

from pathlib import Path

from chalicelib.aws.queue import mail_queue, other_mail_queue
from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.jobs.worker import JobKind
from chalicelib.mail.kind import Outbox
from chalicelib.updates.kinds import UPDATE_KINDS
from chalicelib.updates.model import Mailing
from chalicelib.updates.run import MailingWork


def outbox() -> Outbox:
    return Outbox(mail_queue(), other_mail_queue(), UPDATE_KINDS)


def _work(_: Mailing, _folder: Path, _half: str) -> MailingWork:
    return MailingWork(outbox(), times.now, tables())


KIND = JobKind(Mailing, _work)
