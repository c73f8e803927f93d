"""Request the emails of the digests that are due. A digest is a daily email to a target, about many letters."""

from chalice.app import Blueprint, CloudWatchEvent

from chalicelib.aws.queue import mail_queue, other_mail_queue
from chalicelib.aws.table import tables
from chalicelib.core import log, times
from chalicelib.edge.batch import on_schedule
from chalicelib.letters.digests import request_digests
from chalicelib.letters.kinds import LETTER_KINDS
from chalicelib.mail.kind import Outbox

workers = Blueprint(__name__)


@workers.schedule("rate(15 minutes)")
def send_letter_digests(event: CloudWatchEvent) -> None:
    on_schedule(event, _request)


def _request() -> None:
    outbox = Outbox(mail_queue(), other_mail_queue(), LETTER_KINDS)
    log.event("digests_sent", requested=request_digests(times.now(), outbox, tables()))
