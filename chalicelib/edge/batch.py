"""Handle events of queues, streams and schedules; report failed messages to Lambda."""

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
    """A batch failed; the stream must deliver it again."""


class RunFailed(Exception):
    """A scheduled run failed; the next one continues from the stored position."""


class StreamChange(NamedTuple):
    """One change in a table's stream: the item before (None: new) and after (None: deleted), and its time (UTC)."""

    sequence: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    at: datetime


def each_message(event: SQSEvent, handle: Callable[[Mapping[str, Any]], object]) -> Failures:
    """Handle each message. Only failed ones are delivered again (ReportBatchItemFailures)."""
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
    """Return the message, or {} if it is not a JSON object: SES tests a new destination with a plain sentence."""
    try:
        message = json.loads(body)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}


def all_changes(event: DynamoDBEvent, handle: Callable[[Iterator[StreamChange]], object]) -> None:
    """Handle a batch of changes, all or nothing: on failure the stream delivers the whole batch again.

    The emulator does not support partial failures; AWS bisects the batch. The log has the location of the error. The
    exception that Lambda prints contains nothing that a person typed.
    """
    log.begin(getattr(event.context, "aws_request_id", ""))
    try:
        handle(_changes(event))
    except Exception:
        log.failure("batch_failed")
        raise BatchFailed from None


def on_schedule(event: CloudWatchEvent, run: Callable[[], object]) -> None:
    """Run a scheduled job. After a failure, Lambda retries twice, and the next run continues."""
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
