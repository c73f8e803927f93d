"""Queues and streams in: records out of events, and which of them failed back to Lambda."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from chalice.app import CloudWatchEvent, DynamoDBEvent, SQSEvent

from chalicelib.aws.expressions import from_wire
from chalicelib.core import log
from chalicelib.core.errors import NotYet, Unavailable
from chalicelib.core.metrics import Metric

Failures = dict[str, list[dict[str, str]]]


class BatchFailed(Exception):
    """The stream must bring this batch again, or the clock this hour."""


class RunFailed(Exception):
    """A scheduled run did not end well; the next one goes on from what is written down."""


class StreamChange(NamedTuple):
    """One change in a table's stream: the item before (None: new) and after (None: gone), and when (UTC)."""

    sequence: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    at: datetime


def each_message(event: SQSEvent, handle: Callable[[Mapping[str, Any]], object]) -> Failures:
    """One message's failure is its own: only it comes again (ReportBatchItemFailures)."""
    log.begin(getattr(event.context, "aws_request_id", ""))
    failed = []
    for record in event:
        message_id = record.to_dict()["messageId"]
        try:
            handle(_message(record.body))
        except (NotYet, Unavailable) as later:
            log.measure(Metric.MESSAGE_LATER)
            log.event("message_later", message=message_id, because=str(later))
            failed.append({"itemIdentifier": message_id})
        except Exception:
            log.measure(Metric.MESSAGE_FAILED)
            log.failure("message_failed", message=message_id)
            failed.append({"itemIdentifier": message_id})
    return {"batchItemFailures": failed}


def _message(body: str) -> Mapping[str, Any]:
    """What is no JSON object says nothing: SES, for one, tries out a new destination with a sentence."""
    try:
        message = json.loads(body)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}


def all_changes(event: DynamoDBEvent, handle: Callable[[Iterator[StreamChange]], object]) -> None:
    """All or nothing: the stream brings the whole batch again. The emulator knows no partial failure, AWS bisects.

    What went wrong is logged here by place; the exception that Lambda prints says nothing that a person typed.
    """
    log.begin(getattr(event.context, "aws_request_id", ""))
    try:
        handle(_changes(event))
    except Exception:
        log.failure("batch_failed")
        raise BatchFailed from None


def on_schedule(event: CloudWatchEvent, run: Callable[[], object]) -> None:
    """What cannot be done now is done by the next run; Lambda's own two repeats are welcome too."""
    log.begin(getattr(event.context, "aws_request_id", ""))
    try:
        run()
    except Exception:
        log.failure("run_failed")
        raise RunFailed from None
    log.event("run_done")


def _changes(event: DynamoDBEvent) -> Iterator[StreamChange]:
    for record in event:
        at = record.timestamp.replace(tzinfo=UTC)
        yield StreamChange(record.sequence_number, _image(record.old_image), _image(record.new_image), at)


def _image(image: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return from_wire(image) if image else None
