"""Call the functions of the template's event sources: a thread for each stream and schedule, some for a queue."""

import base64
import json
import re
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from stack.local.functions import report
from stack.paths import REGION

# Seconds. "Process DynamoDB records with Lambda": Lambda polls a stream four times a second.
_POLL = 0.25
_BACKOFF = 1.0
_LONG_POLL = 1
_SQS_BATCH = 10  # Of ReceiveMessage.
_MOST_AT_ONCE = 10  # Threads of a queue, whatever its MaximumConcurrency.
_DRAIN = 20.0
_UNITS = {"minute": 60, "hour": 3600, "day": 86400}

Invoke = Callable[[Any], Any]
Settings = Mapping[str, Any]


class EventSource:
    """One event source of a function. `settings`: its properties in the template, resolved. `at_once`: threads."""

    def __init__(self, function: str, settings: Settings, invoke: Invoke, at_once: int = 1) -> None:
        self.function, self.settings, self._invoke = function, settings, invoke
        self._threads = [threading.Thread(target=self.run, name=function, daemon=True) for _ in range(at_once)]
        self.is_enabled = bool(settings.get("Enabled", True))
        self._stopping = threading.Event()

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Take no more work. `join` waits for the work that was taken."""
        self._stopping.set()

    def join(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def run(self) -> None:
        while not self._stopping.is_set():
            has_more = self.is_enabled and self._try_poll()
            self._stopping.wait(0 if has_more else _POLL)

    def _try_poll(self) -> bool:
        try:
            return self.poll()
        except Exception as error:
            is_from_aws = isinstance(error, (BotoCoreError, ClientError))
            report(f"the event source of {self.function}: {error if is_from_aws else traceback.format_exc()}")
            self._stopping.wait(_BACKOFF)
            return False

    def poll(self) -> bool:
        """Return whether there may be more at once."""
        raise NotImplementedError

    def _call(self, event: Any) -> tuple[Any, bool]:
        try:
            return self._invoke(event), False
        except Exception as error:
            return error, True


class QueueSource(EventSource):
    """SQS itself hides received messages, counts their receives and moves them to the dead-letter queue."""

    def __init__(self, function: str, settings: Settings, invoke: Invoke, sqs: Any) -> None:
        at_once = int(settings.get("ScalingConfig", {}).get("MaximumConcurrency", 1))
        super().__init__(function, settings, invoke, min(at_once, _MOST_AT_ONCE))
        self._sqs, self._url = sqs, _url_of(settings["Queue"], sqs)
        self._taken: dict[str, None] = {}  # Handles of the messages that the function works on.

    def join(self, seconds: float) -> None:
        """Wait for the work. After the time, give the messages back: the next run need not wait for their timeout."""
        super().join(seconds)
        for handle in [*self._taken]:
            self._sqs.change_message_visibility(QueueUrl=self._url, ReceiptHandle=handle, VisibilityTimeout=0)

    def poll(self) -> bool:
        received = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=min(self.settings["BatchSize"], _SQS_BATCH),
            WaitTimeSeconds=_LONG_POLL,
            AttributeNames=["All"],
        ).get("Messages", [])
        if received:
            handles = [message["ReceiptHandle"] for message in received]
            self._taken |= dict.fromkeys(handles)
            answer, has_failed = self._call({"Records": [self._record(message) for message in received]})
            self._delete(received, answer, has_failed)
            for handle in handles:
                del self._taken[handle]
        return True  # An empty answer came after a wait.

    def _delete(self, messages: list[Any], answer: Any, has_failed: bool) -> None:
        """Delete the handled messages. SQS delivers the others again when their visibility timeout is over."""
        ids = [message["MessageId"] for message in messages]
        failed = set(ids) if has_failed else failed_records(answer, ids, self.settings)
        done = [message for message in messages if message["MessageId"] not in failed]
        if done:
            entries = [{"Id": str(n), "ReceiptHandle": each["ReceiptHandle"]} for n, each in enumerate(done)]
            self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries)

    def _record(self, message: Any) -> dict[str, Any]:
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message.get("Attributes", {}),
            "eventSource": "aws:sqs",
            "eventSourceARN": self.settings["Queue"],
            "awsRegion": REGION,
        }


class StreamSource(EventSource):
    """Reads a table's stream in order, one batch at a time. ParallelizationFactor and batching windows are ignored.

    After an exception, half of the batch is tried (BisectBatchOnFunctionError). A single record, or a batch with a
    reported failure, is tried again each second, MaximumRetryAttempts times, and then discarded. `streams`: a client of
    streams. `starts_at`: TRIM_HORIZON or LATEST.
    """

    def __init__(
        self, function: str, settings: Settings, invoke: Invoke, sqs: Any, streams: Any, starts_at: str
    ) -> None:
        super().__init__(function, settings, invoke)
        self._streams, self._sqs = streams, sqs
        self._arn: str = settings["Stream"]
        self._start: dict[str, str] = {"ShardIteratorType": starts_at}
        self._iterator = self._new_iterator()
        self._records: list[dict[str, Any]] = []  # Read, and not yet handled.
        self._not_before = self._deadline = 0.0
        self._begin_batch()

    def stop(self) -> None:
        """Handle what is in the stream before the thread ends, because the emulator does not keep streams."""
        self._deadline = time.monotonic() + _DRAIN
        super().stop()

    def run(self) -> None:
        super().run()
        while time.monotonic() < self._deadline and (self._try_poll() or self._records):
            if time.monotonic() < self._not_before:
                time.sleep(_POLL)

    def poll(self) -> bool:
        if time.monotonic() < self._not_before:
            return False
        self._fetch()
        batch = self._records[: self._size]
        if batch:
            del self._records[: self._handle(batch)]
        return bool(self._records)

    def _begin_batch(self) -> None:
        self._size, self._tries = int(self.settings["BatchSize"]), 0

    def _fetch(self) -> None:
        """Read records until there is a whole batch. Stop at an empty answer: the emulator has one shard."""
        while len(self._records) < self._size:
            try:
                answer = self._streams.get_records(ShardIterator=self._iterator)
            except self._streams.exceptions.ExpiredIteratorException:
                self._iterator = self._new_iterator()
                continue
            self._iterator = answer["NextShardIterator"]
            new = [self._record(each) for each in answer["Records"]]
            if not new:
                return
            self._records += kept_by(self.settings, new)
            sequence = new[-1]["dynamodb"]["SequenceNumber"]
            self._start = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": sequence}

    def _new_iterator(self) -> str:
        [shard] = self._streams.describe_stream(StreamArn=self._arn)["StreamDescription"]["Shards"]
        found = self._streams.get_shard_iterator(StreamArn=self._arn, ShardId=shard["ShardId"], **self._start)
        return str(found["ShardIterator"])

    def _record(self, raw: Any) -> dict[str, Any]:
        record: dict[str, Any] = json.loads(json.dumps({**raw, "eventSourceARN": self._arn}, default=_as_in_an_event))
        return record

    def _handle(self, batch: list[dict[str, Any]]) -> int:
        """Return how many records of the batch, from the first one, are done: handled or discarded."""
        answer, has_raised = self._call({"Records": batch})
        numbers = [record["dynamodb"]["SequenceNumber"] for record in batch]
        failed = set(numbers) if has_raised else failed_records(answer, numbers, self.settings)
        done = min((numbers.index(number) for number in failed), default=len(batch))
        if done == 0:
            if has_raised and len(batch) > 1:
                self._size = len(batch) // 2
                return 0
            if self._tries < self.settings["MaximumRetryAttempts"]:
                self._tries += 1
                self._not_before = time.monotonic() + _BACKOFF
                return 0
            self._send_failure(batch)
            done = len(batch)
        self._begin_batch()
        return done

    def _send_failure(self, batch: list[Any]) -> None:
        """Send what an engineer needs of Lambda's message ("Retaining discarded records")."""
        report(f"{self.function}: {len(batch)} records of the stream were discarded")
        first, last = (record["dynamodb"]["SequenceNumber"] for record in (batch[0], batch[-1]))
        numbers = {"startSequenceNumber": first, "endSequenceNumber": last, "batchSize": len(batch)}
        body = json.dumps({"function": self.function, "DDBStreamBatchInfo": {**numbers, "streamArn": self._arn}})
        url = _url_of(self.settings["DestinationConfig"]["OnFailure"]["Destination"], self._sqs)
        self._sqs.send_message(QueueUrl=url, MessageBody=body)


class ScheduleSource(EventSource):
    """Calls a function at its rate, the first time after one period."""

    def run(self) -> None:
        task, seconds = self.settings.get("Input"), rate_seconds(self.settings["Schedule"])
        due = time.monotonic() + seconds
        while not self._stopping.wait(due - time.monotonic()):
            self._call(json.loads(task) if task else _scheduled_event())
            due += seconds


def _url_of(arn: str, sqs: Any) -> str:
    return str(sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"])


def failed_records(answer: Any, ids: Sequence[str], settings: Settings) -> set[str]:
    """Return the ids of the records that the function reported as failed; none if its source reads no reports.

    If the answer is invalid or names a record that is not in the batch, the whole batch failed ("Configuring partial
    batch response with DynamoDB and Lambda").
    """
    if "ReportBatchItemFailures" not in settings.get("FunctionResponseTypes", []):
        return set()
    try:
        failed = {each["itemIdentifier"] for each in (answer or {}).get("batchItemFailures") or []}
    except (AttributeError, KeyError, TypeError):
        return set(ids)
    return failed if failed <= set(ids) else set(ids)


def _scheduled_event() -> dict[str, Any]:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    event = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}, "id": str(uuid.uuid4())}
    return {**event, "version": "0", "account": "000000000000", "region": REGION, "resources": [], "time": now}


def rate_seconds(expression: str) -> int:
    found = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression)
    if not found:
        raise ValueError(f"the local run does not know the schedule {expression}")
    return int(found[1]) * _UNITS[found[2]]


def _as_in_an_event(value: Any) -> Any:
    return value.timestamp() if isinstance(value, datetime) else base64.b64encode(value).decode()


def kept_by(settings: Settings, records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Match records with the patterns of an event source, by the rules of EventBridge that the template uses."""
    patterns = [json.loads(each["Pattern"]) for each in settings.get("FilterCriteria", {}).get("Filters", [])]
    return [record for record in records if not patterns or any(_matches(pattern, record) for pattern in patterns)]


def _matches(pattern: Any, value: Any) -> bool:
    """A pattern is a dict of patterns, or a list of which one rule must match."""
    if isinstance(pattern, dict):
        inner = value if isinstance(value, dict) else {}
        return all(_matches(each, inner.get(name)) for name, each in pattern.items())
    return any(_follows(rule, value) for rule in pattern)


def _follows(rule: Any, value: Any) -> bool:
    if not isinstance(rule, dict):
        return bool(value == rule)
    [(kind, argument)] = rule.items()
    if kind == "exists":
        return bool((value is not None) == argument)
    if kind == "anything-but":
        return value is not None and value not in argument
    raise ValueError(f"the local run does not know the filter rule {kind}")
