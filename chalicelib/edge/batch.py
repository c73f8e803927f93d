"""Handle the events of queues, streams and schedules in a Lambda function, and report to Lambda what failed."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

from chalice.app import DynamoDBEvent, DynamoDBRecord, SQSEvent

from chalicelib.aws.expressions import from_wire
from chalicelib.aws.queue import Queue
from chalicelib.core import log
from chalicelib.core.errors import NotYet, Unavailable
from chalicelib.core.metrics import Metric

# Placeholders for Chalice's decorators. The template sets the real ones (stack/template/queues.py, streams.py).
QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:placeholder"
STREAM_ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/placeholder/stream/placeholder"

# DynamoDB's sequence numbers have up to 40 digits. With zeros in front, their texts sort like numbers.
SEQUENCE_DIGITS = 40

# In seconds, after the first failure; each further one doubles it.
SHORTEST_RETRY, LONGEST_RETRY = 5, 300
# Then a message waits for its queue's visibility timeout, so that quick attempts use up only a few of the receives
# after which it becomes a dead letter (stack/template/queues.py).
QUICK_ATTEMPTS = 20

T = TypeVar("T")
Failures = dict[str, list[dict[str, str]]]


class BatchFailed(Exception):
    """A batch failed; the stream must deliver it again."""


class RunFailed(Exception):
    """A scheduled run failed. The next run does what is left."""


class StreamChange(NamedTuple):
    """One change in a table's stream: the item before and after it (None: no item), and its time (UTC).

    `position`: those of the changes of one item sort in the order of the changes.
    """

    position: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    at: datetime


def handle_messages(
    event: SQSEvent,
    handle: Callable[[Mapping[str, Any]], object],
    queue: Queue | None = None,
    *,
    drop_prefix: str | None = None,
) -> Failures:
    """Handle each message, and return the failed ones (ReportBatchItemFailures), which SQS delivers again.

    With `queue`, they come soon (`retry_seconds`); otherwise, after the queue's visibility timeout. A message that
    starts with `drop_prefix`, such as a test by SES, is deleted unread.
    """
    log.begin(getattr(event.context, "aws_request_id", ""))
    failed = []
    waits: dict[str, int] = {}  # By receipt handle.
    for record in event:
        message_id = record.to_dict()["messageId"]
        if drop_prefix and record.body.startswith(drop_prefix):
            continue
        error = _error_of(handle, record.body, message_id)
        if error is None:
            continue
        failed.append({"itemIdentifier": message_id})
        attempts = int(record.to_dict()["attributes"]["ApproximateReceiveCount"])
        if attempts <= QUICK_ATTEMPTS:
            waits[record.receipt_handle] = retry_seconds(error, attempts)
    if queue and waits:
        _deliver_again_in(waits, queue)
    return {"batchItemFailures": failed}


def retry_seconds(error: Exception, attempts: int) -> int:
    if isinstance(error, NotYet) and error.is_untried:
        return SHORTEST_RETRY
    return min(LONGEST_RETRY, SHORTEST_RETRY << (attempts - 1))


def _error_of(handle: Callable[[Mapping[str, Any]], object], body: str, message_id: str) -> Exception | None:
    try:
        handle(_message(body))
    except (NotYet, Unavailable) as later:
        log.measure(Metric.MESSAGE_LATER)
        log.event("message_later", message=message_id, because=str(later))
        return later
    except Exception as error:
        log.measure(Metric.MESSAGE_FAILED)
        log.failure("message_failed", message=message_id)
        return error
    return None


def _deliver_again_in(waits: Mapping[str, int], queue: Queue) -> None:
    """Set how long the failed messages wait. If this fails, the queue's visibility timeout holds."""
    try:
        queue.deliver_again_in(waits)
    except Unavailable as error:
        log.event("retry_not_set", because=str(error))


def _message(body: str) -> Mapping[str, Any]:
    """Raise ValueError if the message is not a JSON object: SQS later moves it to the dead-letter queue."""
    message = json.loads(body)
    if not isinstance(message, dict):
        raise ValueError("not an object")
    return message


def handle_changes(event: DynamoDBEvent, handle: Callable[[Iterable[StreamChange]], object]) -> None:
    """Handle a batch of changes. If `handle` raises NotYet or Unavailable, raise BatchFailed: the stream tries again.

    A change that can never be handled would stop all changes after it. So after any other error, handle them one at a
    time, and skip those that fail: `DegradedAlarm` reports it. `handle` must be idempotent. Lambda prints BatchFailed,
    so it contains nothing that a person typed.
    """
    log.begin(getattr(event.context, "aws_request_id", ""))
    records = event.to_dict()["Records"]
    try:
        _handle_all_or_each(records, handle)
    except (NotYet, Unavailable):
        log.failure("batch_failed")
        raise BatchFailed from None


def _handle_all_or_each(records: Sequence[dict[str, Any]], handle: Callable[[Iterable[StreamChange]], object]) -> None:
    try:
        handle([_change(record) for record in records])
    except (NotYet, Unavailable):
        raise  # `handle_changes` turns these into BatchFailed.
    except Exception:
        log.failure("batch_split")
        for record in records:
            _handle_alone(record, handle)


def until_deadline(changes: Sequence[T], deadline: float, clock: Callable[[], float]) -> Iterator[T]:
    """Yield the changes. Raise NotYet once `clock` has passed `deadline`, but always yield the first change.

    Lambda then halves the batch, so each change is handled in the end, however slow AWS is.
    """
    for number, change in enumerate(changes):
        if number and clock() > deadline:
            raise NotYet
        yield change


def _handle_alone(record: Mapping[str, Any], handle: Callable[[Iterable[StreamChange]], object]) -> None:
    try:
        handle([_change(record)])
    except (NotYet, Unavailable):
        raise  # `handle_changes` turns these into BatchFailed.
    except Exception:
        change = record.get("dynamodb", {})
        typed_keys = change.get("Keys", {})
        keys = {name: str(key.get("S")) for name, key in typed_keys.items()}
        log.degraded("change_skipped", sequence=str(change.get("SequenceNumber")), **keys)


def on_schedule(context: object, run: Callable[[], object]) -> None:
    """Run a scheduled job. Raise RunFailed after a failure: the next run does what is left
    (stack/template/functions.yaml).
    """
    log.begin(getattr(context, "aws_request_id", ""))
    try:
        run()
    except Exception:
        log.failure("run_failed")
        raise RunFailed from None  # Lambda prints this error. The text of its cause could quote what a person typed.
    log.event("run_done")


def _change(raw: Mapping[str, Any]) -> StreamChange:
    record = DynamoDBRecord(dict(raw), context=None)
    at = record.timestamp.replace(tzinfo=UTC)  # Chalice's time is in UTC, but names no zone.
    position = _position(raw["eventSourceARN"], record.sequence_number)
    return StreamChange(position, _image(record.old_image), _image(record.new_image), at)


def _position(stream_arn: str, sequence: str) -> str:
    """Return the stream's label, which is the time of its start, and the sequence number.

    A restored table has a new stream, whose numbers may be smaller.
    """
    _, _, label = stream_arn.rpartition("/")
    return f"{label}/{sequence.zfill(SEQUENCE_DIGITS)}"


def _image(image: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return from_wire(image) if image else None
