"""Queues and streams in: records out of events, and which of them failed back to Lambda."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from chalice.app import DynamoDBEvent, SQSEvent

from chalicelib import log
from chalicelib.aws.expressions import from_wire

Failures = dict[str, list[dict[str, str]]]


def each_message(event: SQSEvent, handle: Callable[[Mapping[str, Any]], object]) -> Failures:
    """One message's failure is its own: only it comes again (ReportBatchItemFailures)."""
    log.begin(getattr(event.context, "aws_request_id", ""))
    failed = []
    for record in event:
        message_id = record.to_dict()["messageId"]
        try:
            handle(json.loads(record.body))
        except Exception:
            log.failure("message_failed", message=message_id)
            failed.append({"itemIdentifier": message_id})
    return {"batchItemFailures": failed}


def changes(event: DynamoDBEvent) -> Iterator[tuple[str, dict[str, Any] | None, dict[str, Any] | None]]:
    """Sequence number, item before (None: new), item after (None: gone)."""
    log.begin(getattr(event.context, "aws_request_id", ""))
    for record in event:
        yield record.sequence_number, _image(record.old_image), _image(record.new_image)


def _image(image: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return from_wire(image) if image else None
