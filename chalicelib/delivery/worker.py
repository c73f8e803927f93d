"""The Lambda functions for email: put requests into the queues, send emails, record SES feedback, do scheduled work.

A request for an email about a signature is stored in its item. The stream reports it to the relay, which puts a message
into the queue of urgent or of other email. It also requests the letters of those who confirm to the petition's targets.
Other code puts its messages into a queue itself. A digest is one email to a target about all letters of a day.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from chalice.app import Blueprint, DynamoDBEvent, SQSEvent

from chalicelib.aws.email import mail_quota, mailer
from chalicelib.aws.expressions import Image
from chalicelib.aws.queue import mail_queue, mail_source, other_mail_queue, other_mail_source
from chalicelib.aws.table import tables
from chalicelib.core import log, times
from chalicelib.core.metrics import Metric
from chalicelib.core.settings import settings
from chalicelib.edge.batch import (
    QUEUE_ARN,
    STREAM_ARN,
    Failures,
    StreamChange,
    handle_changes,
    handle_messages,
    on_schedule,
    until_deadline,
)
from chalicelib.letters.digest_kind import request_digests
from chalicelib.letters.kinds import LETTER_KINDS
from chalicelib.letters.request import request_letters
from chalicelib.letters.withdrawn import remove_letters_from_digests
from chalicelib.mail.feedback import record_feedback
from chalicelib.mail.kind import MailContext, Outbox
from chalicelib.mail.model import MailRequest, Priority
from chalicelib.mail.rate_limit import SHARES, RateLimiter, limit_rate
from chalicelib.mail.relay import relay
from chalicelib.mail.send import SendResult
from chalicelib.mail.sending import BatchSender, watch
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS
from chalicelib.mail.sweep import sweep
from chalicelib.mine.kinds import MY_SIGNATURES_KINDS
from chalicelib.staff.invitation_mail import INVITATION_KINDS
from chalicelib.updates.kinds import UPDATE_KINDS

Images = tuple[Image | None, Image | None]
workers = Blueprint(__name__)
# How a test by SES of a new destination begins.
SES_TEST = "Successfully validated SNS topic"
# Then the relay begins no further signature's letters, and Lambda delivers the batch again in halves. The timeout
# leaves enough time for the letters of one person to all targets.
RELAY_SECONDS = 60.0
# Not in app.py: these functions load only this module.
KINDS = {**SIGNATURE_KINDS, **UPDATE_KINDS, **LETTER_KINDS, **INVITATION_KINDS, **MY_SIGNATURES_KINDS}


@workers.on_dynamodb_record(STREAM_ARN)
def relay_mail(event: DynamoDBEvent) -> None:
    """Queue the mail requests and letters of changed signatures. Remove letters of withdrawn signatures from digests.

    Raise BatchFailed, to get the changes again, if AWS is unavailable or the time is over.
    """
    handle_changes(event, _relay)


@workers.on_sqs_message(queue_arn=QUEUE_ARN, batch_size=10)
def send_mail(event: SQSEvent) -> Failures:
    """Send the urgent email of each message. Return the failed messages: the queue delivers them again."""
    return handle_messages(event, _message_handler(Priority.URGENT), mail_queue())


@workers.on_sqs_message(queue_arn=QUEUE_ARN, batch_size=2)
def send_other_mail(event: SQSEvent) -> Failures:
    """Send email that nobody waits for. `_watch` turns this sender off while urgent email needs rate or quota.

    At SES's lowest rate, one email a second, each of the two senders of other email has a tenth of the rate: one email
    in ten seconds (LONGEST_GAP). So a larger batch would take too long.
    """
    return handle_messages(event, _message_handler(Priority.OTHER), other_mail_queue())


@workers.on_sqs_message(queue_arn=QUEUE_ARN, batch_size=10)
def receive_feedback(event: SQSEvent) -> Failures:
    """Record what SES reports about sent emails: bounces and complaints."""
    return handle_messages(event, _record_feedback, drop_prefix=SES_TEST)


@workers.lambda_function()
def check_mail(event: Mapping[str, Any], context: object) -> None:
    """Do the scheduled task that the event names (stack/template/functions.yaml)."""
    on_schedule(context, TASKS[event["task"]])


def _relay(changes: Iterable[StreamChange]) -> None:
    deadline = time.monotonic() + RELAY_SECONDS
    images = [(change.before, change.after) for change in changes]
    relayed_count = relay(images, times.now(), _outbox(), tables())
    # The letters of many people can take too long. Both iterators are lazy, so NotYet comes before the letters of the
    # next change. What is then relayed again does no harm.
    images_in_time = until_deadline(images, deadline, time.monotonic)
    images_for_letters = _remove_withdrawn_letters_before_each(images_in_time)
    letter_count = request_letters(images_for_letters, times.now(), _outbox(), tables())
    log.measure(Metric.MAIL_REQUESTED, relayed_count + letter_count)
    log.event("relayed", requests=relayed_count, letters=letter_count)


def _remove_withdrawn_letters_before_each(images: Iterable[Images]) -> Iterator[Images]:
    """Yield every change. If the person withdraws in this change, first remove their letters from the digests.

    Otherwise who withdraws and confirms again in one batch would lose the new letter: a digest still had the old one.
    """
    for before, after in images:
        remove_letters_from_digests([(before, after)], times.now(), tables())
        yield before, after


def _message_handler(priority: Priority) -> Callable[[Mapping[str, Any]], None]:
    """Prepare the mailer and the limiter for a batch. Return the function that sends the email of a message."""
    limiter = _limiter(priority)

    def use_share(share_of_rate: float) -> None:
        # Each of at most `mail_senders` copies keeps to an equal part of the share.
        limiter.per_second = share_of_rate * settings().mail_per_second / settings().mail_senders

    use_share(SHARES[priority])
    mailer().close_if_idle(times.now())
    deliver = limit_rate(mailer().send, limiter)
    context = MailContext(settings().site_url, settings().token_keys, settings().limit_keys, deliver)
    may_get_more = use_share if priority is Priority.URGENT else None
    batch_sender = BatchSender(KINDS, context, tables(), time.monotonic, time.sleep, may_get_more)

    def handle(message: Mapping[str, Any]) -> None:
        request = MailRequest.model_validate(message)
        now = times.now()
        result = batch_sender.send(request, now)
        _measure(result, now - datetime.fromisoformat(request.requested_at))
        log.event("mail", kind=request.kind, key=request.key, outcome=result)

    return handle


@cache
def _limiter(_: Priority) -> RateLimiter:
    return RateLimiter(per_second=1, clock=time.monotonic, sleep=time.sleep)


def _outbox() -> Outbox:
    return Outbox(mail_queue(), other_mail_queue(), KINDS)


def _measure(result: SendResult, age: timedelta) -> None:
    if result is SendResult.SENT:
        log.measure(Metric.MAIL_SENT)
        log.measure(Metric.MAIL_AGE, round(age.total_seconds()))
    elif result is SendResult.REFUSED:
        log.measure(Metric.MAIL_REFUSED)
    elif result is SendResult.UNKNOWN:
        log.measure(Metric.MAIL_UNKNOWN)


def _record_feedback(event: Mapping[str, Any]) -> None:
    why_undeliverable = record_feedback(event, KINDS, times.now(), tables())  # None: the event needs no record.
    log.event("feedback", recorded=why_undeliverable)


def _watch() -> None:
    """Switch senders off: both while sending is paused, and other email while urgent email needs the rate or quota."""
    sources = (mail_source(), other_mail_source())
    sends_urgent, sends_other = watch(*sources, mail_queue(), mail_quota(), times.now(), tables())
    log.event("mail_watched", sends_urgent=sends_urgent, sends_other=sends_other)


def _sweep() -> None:
    queued = sweep(_outbox(), times.now(), tables(), time.monotonic)
    log.event("mail_swept", queued=queued)


def _send_digests() -> None:
    outbox = Outbox(mail_queue(), other_mail_queue(), LETTER_KINDS)
    log.event("digests_sent", requested=request_digests(times.now(), outbox, tables()))


TASKS = {"watch": _watch, "sweep": _sweep, "digests": _send_digests}
