"""Records out of events, and which of them failed."""

from typing import Any

import pytest
from chalice.app import DynamoDBEvent, SQSEvent

from chalicelib.edge.batch import BatchFailed, StreamChange, all_changes, each_message
from tests.actors import NOW
from tests.served import sqs_event, stream_event

ITEM = {"pk": "safe-children#00", "sk": "x", "mails": 2, "sources": {"bbc"}, "updates": False}


def test_only_what_failed_comes_again() -> None:
    def handle(message: Any) -> None:
        if message["number"] % 2:
            raise ValueError("alice@mail.example")

    event = SQSEvent(sqs_event([{"number": number} for number in range(4)]), {})
    failures = [{"itemIdentifier": "1"}, {"itemIdentifier": "3"}]
    assert each_message(event, handle) == {"batchItemFailures": failures}


def test_an_empty_batch_is_no_failure() -> None:
    assert each_message(SQSEvent({"Records": []}, {}), print) == {"batchItemFailures": []}


def test_changes_come_as_items_with_their_numbers_as_integers() -> None:
    seen: list[StreamChange] = []
    changes = [("11", None, ITEM), ("12", ITEM, ITEM | {"mails": 3}), ("13", ITEM, None)]
    all_changes(DynamoDBEvent(stream_event(changes), {}), seen.extend)
    assert seen == [StreamChange(*change, NOW) for change in changes]
    assert type((seen[0].after or {})["mails"]) is int


def test_one_change_that_fails_brings_all_again_and_says_nothing_personal() -> None:
    def handle(_: object) -> None:
        raise ValueError("alice@mail.example")

    with pytest.raises(BatchFailed) as caught:
        all_changes(DynamoDBEvent(stream_event([("1", None, ITEM)]), {}), handle)
    assert str(caught.value) == ""
    assert caught.value.__suppress_context__
