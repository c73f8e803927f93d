"""Mail's stream and queues in: wishes relayed, mails sent, and what SES says afterwards."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from chalice.app import Blueprint, DynamoDBEvent, SQSEvent

from chalicelib import log, moments
from chalicelib.aws.email import mailer
from chalicelib.aws.queue import mail_queue
from chalicelib.aws.table import tables
from chalicelib.edge.batch import Failures, StreamChange, all_changes, each_message
from chalicelib.edge.placeholders import FEEDBACK_QUEUE_ARN, MAIL_QUEUE_ARN, SIGNATURES_STREAM_ARN
from chalicelib.mail.compose import Office
from chalicelib.mail.feedback import take_feedback
from chalicelib.mail.model import MailWish
from chalicelib.mail.relay import relay
from chalicelib.mail.send import Sent, send
from chalicelib.metrics import Metric
from chalicelib.settings import settings

workers = Blueprint(__name__)


@workers.on_dynamodb_record(SIGNATURES_STREAM_ARN)
def relay_mail(event: DynamoDBEvent) -> None:
    """Raises when the queue does not take all: the stream brings the batch again."""
    all_changes(event, _relay)


@workers.on_sqs_message(queue_arn=MAIL_QUEUE_ARN, batch_size=10)
def send_mail(event: SQSEvent) -> Failures:
    """Each message on its own: what could not be sent now comes again."""
    return each_message(event, _send)


@workers.on_sqs_message(queue_arn=FEEDBACK_QUEUE_ARN, batch_size=10)
def receive_feedback(event: SQSEvent) -> Failures:
    return each_message(event, _take_feedback)


def _relay(changes: Iterable[StreamChange]) -> None:
    relayed = relay(((change.before, change.after) for change in changes), mail_queue())
    log.measure(Metric.MAIL_WANTED, relayed)
    log.event("relayed", wishes=relayed)


def _send(message: Mapping[str, Any]) -> None:
    wish = MailWish.model_validate(message)
    office = Office(settings().site_url, settings().token_keys, mailer().send)
    now = moments.now()
    sent = send(wish, office, now, tables())
    _measure(sent, now - datetime.fromisoformat(wish.wanted_at))
    log.event("mail", petition=wish.slug, signature=wish.signature_id, wanted=wish.wanted, outcome=sent)


def _measure(sent: Sent, age: timedelta) -> None:
    if sent is Sent.SENT:
        log.measure(Metric.MAIL_SENT)
        log.measure(Metric.MAIL_AGE, round(age.total_seconds()))
    elif sent is Sent.REFUSED:
        log.measure(Metric.MAIL_REFUSED)


def _take_feedback(event: Mapping[str, Any]) -> None:
    log.event("feedback", recorded=take_feedback(event, tables()))
