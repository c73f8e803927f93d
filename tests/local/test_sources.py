"""The threads that call functions with the events of queues, streams and schedules: batches, checkpoints, filters."""

import json
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from stack.local.sources import QueueSource, StreamSource, kept_by

REPORTS = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}
STREAM = {"Stream": "arn:stream", "BatchSize": 10, "BisectBatchOnFunctionError": True, "MaximumRetryAttempts": 1}
DEAD_LETTERS = {"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:dead-letters"}}}
Handler = Callable[[Any], Any]


class FakeSqs:
    """Its messages are delivered once, at most as many as a call asks for."""

    def __init__(self, *bodies: str) -> None:
        self.waiting = [{"MessageId": each, "ReceiptHandle": each, "Body": each} for each in bodies]
        self.deleted: list[str] = []
        self.given_back: list[str] = []
        self.sent: list[Any] = []

    def get_queue_url(self, QueueName: str) -> Any:  # noqa: N803
        return {"QueueUrl": QueueName}

    def receive_message(self, MaxNumberOfMessages: int, **_: object) -> Any:  # noqa: N803
        batch, self.waiting = self.waiting[:MaxNumberOfMessages], self.waiting[MaxNumberOfMessages:]
        return {"Messages": batch} if batch else {}

    def delete_message_batch(self, Entries: list[dict[str, str]], **_: object) -> None:  # noqa: N803
        self.deleted += [entry["ReceiptHandle"] for entry in Entries]

    def change_message_visibility(self, ReceiptHandle: str, VisibilityTimeout: int, **_: object) -> None:  # noqa: N803
        if VisibilityTimeout == 0:
            self.given_back.append(ReceiptHandle)

    def send_message(self, QueueUrl: str, MessageBody: str) -> None:  # noqa: N803
        self.sent.append((QueueUrl, json.loads(MessageBody)))


class FakeStreams:
    """A stream of one shard. An iterator is the number of records before it."""

    exceptions = SimpleNamespace(ExpiredIteratorException=KeyError)

    def __init__(self, *names: str, at: datetime | None = None) -> None:
        self.at = at or datetime.now(UTC)
        self.records: list[Any] = []
        self.add(*names)

    def add(self, *names: str) -> None:
        for name in names:
            keys = {"pk": {"S": name}}
            number = str(len(self.records))
            change = {"Keys": keys, "SequenceNumber": number, "ApproximateCreationDateTime": self.at}
            self.records.append({"eventName": "INSERT", "dynamodb": change})

    def describe_stream(self, **_: object) -> Any:
        return {"StreamDescription": {"Shards": [{"ShardId": "shard"}]}}

    def get_shard_iterator(self, ShardIteratorType: str, **_: object) -> Any:  # noqa: N803
        return {"ShardIterator": 0 if ShardIteratorType == "TRIM_HORIZON" else len(self.records)}

    def get_records(self, ShardIterator: int | str) -> Any:  # noqa: N803
        start = int(ShardIterator)
        return {"Records": self.records[start:], "NextShardIterator": len(self.records)}


def queue_source(sqs: FakeSqs, handler: Handler, **settings: Any) -> QueueSource:
    whole = {"Queue": "arn:aws:sqs:queue", "BatchSize": 10, **settings}
    return QueueSource("SendMail", whole, handler, sqs)


@pytest.mark.parametrize(
    ("answer", "settings", "deleted"),
    [
        (None, REPORTS, ["alice", "bob"]),
        ({}, REPORTS, ["alice", "bob"]),
        ({"batchItemFailures": None}, REPORTS, ["alice", "bob"]),
        ({"batchItemFailures": [{"itemIdentifier": "bob"}]}, REPORTS, ["alice"]),
        ({"batchItemFailures": [{"itemIdentifier": "nobody"}]}, REPORTS, []),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, REPORTS, []),
        ({"batchItemFailures": [{"id": "bob"}]}, REPORTS, []),
        ("text", REPORTS, []),
        ({"batchItemFailures": [{"itemIdentifier": "bob"}]}, {}, ["alice", "bob"]),
        (ValueError(), REPORTS, []),
    ],
    ids=str,
)
def test_a_queue_deletes_what_was_handled(answer: Any, settings: Mapping[str, Any], deleted: list[str]) -> None:
    sqs = FakeSqs("alice", "bob")

    def handler(_: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    queue_source(sqs, handler, **settings).poll()
    assert sqs.deleted == deleted


def test_a_queue_gets_back_the_messages_that_a_function_still_works_on_when_the_site_stops() -> None:
    sqs, has_begun, may_end = FakeSqs("alice"), threading.Event(), threading.Event()

    def work(_: Any) -> None:
        has_begun.set()
        may_end.wait(5)

    source = queue_source(sqs, work)
    source.start()
    assert has_begun.wait(5)
    source.stop()
    source.join(0)
    assert sqs.given_back == ["alice"]
    may_end.set()


class Reader:
    """A stream source whose function notes the batches that came, and fails on the record "poison"."""

    def __init__(self, streams: FakeStreams, reports: bool = False, **settings: Any) -> None:
        self.batches: list[str] = []
        self.sqs = FakeSqs()
        self._reports = reports
        whole = {**STREAM, **(REPORTS if reports else {}), **DEAD_LETTERS, **settings}
        self.source = StreamSource("RelayMail", whole, self._handle, self.sqs, streams, "TRIM_HORIZON")

    def read_all(self) -> list[str]:
        """Read until nothing is left, without waiting after a failure. Return the batches that came."""
        while self.source.poll() or self.source._records:
            self.source._not_before = 0.0
        return self.batches

    def failures(self) -> list[tuple[str, int]]:
        """Return the queue and the number of records of each message about discarded records."""
        return [(queue, body["DDBStreamBatchInfo"]["batchSize"]) for queue, body in self.sqs.sent]

    def _handle(self, event: Any) -> Any:
        names = {each["dynamodb"]["SequenceNumber"]: each["dynamodb"]["Keys"]["pk"]["S"] for each in event["Records"]}
        self.batches.append(",".join(names.values()))
        failed = [number for number, name in names.items() if name == "poison"]
        if failed and not self._reports:
            raise ValueError("poison")
        return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}


def test_an_exception_halves_the_batch_until_the_poison_record_is_alone_and_discarded() -> None:
    reader = Reader(FakeStreams("a", "b", "poison", "c"))
    assert reader.read_all() == ["a,b,poison,c", "a,b", "poison,c", "poison", "poison", "c"]
    assert reader.failures() == [("dead-letters", 1)]


def test_after_a_reported_failure_the_batch_is_tried_again_from_the_failed_record() -> None:
    reader = Reader(FakeStreams("a", "poison", "c"), reports=True)
    assert reader.read_all() == ["a,poison,c", "poison,c", "poison,c"]
    # Lambda does not halve a batch with a reported failure: the record after the poison record is discarded too.
    assert reader.failures() == [("dead-letters", 2)]


def test_a_stream_is_read_to_its_end_when_the_site_stops() -> None:
    streams = FakeStreams("a")
    reader = Reader(streams, BatchSize=1)
    reader.source.start()
    streams.add("b", "c")
    reader.source.stop()
    reader.source.join(2)
    assert reader.batches == ["a", "b", "c"]


def filter_of(pattern: str) -> dict[str, Any]:
    return {"FilterCriteria": {"Filters": [{"Pattern": pattern}]}}


def test_a_missing_value_is_not_another_value() -> None:
    settings = filter_of('{"dynamodb": {"NewImage": {"state": {"S": [{"anything-but": ["pending"]}]}}}}')
    assert kept_by(settings, [{"eventName": "REMOVE", "dynamodb": {}}]) == []


def test_a_rule_that_is_not_known_is_an_error() -> None:
    with pytest.raises(ValueError, match="prefix"):
        kept_by(filter_of('{"eventName": [{"prefix": "IN"}]}'), [{"eventName": "INSERT"}])
