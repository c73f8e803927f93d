"""Store the signatures from the overflow queue: those that were not stored in the table when somebody signed."""

from collections.abc import Mapping
from typing import Any

from chalice.app import Blueprint, SQSEvent

from chalicelib.aws.queue import overflow_queue
from chalicelib.aws.table import signing_tables
from chalicelib.core import log, times
from chalicelib.edge.batch import QUEUE_ARN, Failures, handle_messages
from chalicelib.signatures.model import NewSignature
from chalicelib.signatures.sign import sign_from_queue

workers = Blueprint(__name__)


@workers.on_sqs_message(queue_arn=QUEUE_ARN, batch_size=10)
def store_overflow(event: SQSEvent) -> Failures:
    """Store each message's signature. Return the failed messages: SQS delivers them again."""
    return handle_messages(event, _store, overflow_queue())


def _store(message: Mapping[str, Any]) -> None:
    new = NewSignature.model_validate(message)
    outcome = sign_from_queue(new, times.now(), signing_tables())
    log.event("stored", petition=new.slug, signature=new.signature_id, outcome=outcome)
