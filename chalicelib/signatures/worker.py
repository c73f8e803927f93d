"""The signatures' stream in, for those who count what is pending; and the overflow queue, for the table."""

from collections.abc import Iterable, Mapping
from typing import Any

from chalice.app import Blueprint, DynamoDBEvent, SQSEvent

from chalicelib import log, moments
from chalicelib.aws.table import signing_tables, tables
from chalicelib.edge.batch import Failures, StreamChange, all_changes, each_message
from chalicelib.edge.placeholders import OVERFLOW_QUEUE_ARN, SIGNATURES_STREAM_ARN
from chalicelib.signatures import overflow
from chalicelib.signatures.changes import followed
from chalicelib.signatures.model import Finished
from chalicelib.tallies.follow import follow

workers = Blueprint(__name__)


@workers.on_dynamodb_record(SIGNATURES_STREAM_ARN)
def follow_signatures(event: DynamoDBEvent) -> None:
    """Raises when the table does not take it: the stream brings the batch again, and what was counted is skipped."""
    all_changes(event, _follow)


@workers.on_sqs_message(queue_arn=OVERFLOW_QUEUE_ARN, batch_size=10)
def store_overflow(event: SQSEvent) -> Failures:
    """What the table does not take now comes again, until it does."""
    return each_message(event, _store)


def _store(message: Mapping[str, Any]) -> None:
    finished = Finished.model_validate(message)
    outcome = overflow.store(finished, moments.now(), signing_tables())
    log.event("stored", petition=finished.slug, signature=finished.signature_id, outcome=outcome)


def _follow(changes: Iterable[StreamChange]) -> None:
    seen = [followed(*change) for change in changes]
    follow(seen, tables())
    log.event("followed", changes=len(seen))
