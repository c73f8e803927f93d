"""What runs the job that publishes an update and emails it (runner/worker.py)."""

from chalicelib.aws.queue import mail_queue, other_mail_queue
from chalicelib.jobs.run import JobContext, JobKind
from chalicelib.mail.kind import Outbox
from chalicelib.updates.kinds import UPDATE_KINDS
from chalicelib.updates.model import Mailing
from chalicelib.updates.run import MailingWork


def outbox() -> Outbox:
    return Outbox(mail_queue(), other_mail_queue(), UPDATE_KINDS)


def _work(_: Mailing, context: JobContext) -> MailingWork:
    return MailingWork(outbox(), context.clock, context.tables)


KIND = JobKind(Mailing, _work)
