"""Records are read from events, and failed ones are reported."""

from typing import Any

import pytest
from chalice.app import DynamoDBEvent, SQSEvent

from chalicelib.edge.batch import BatchFailed, StreamChange, all_changes, each_message
from tests.actors import NOW
from tests.served import sqs_event, stream_event

ITEM = {"pk": "safe-children#00", "sk": "x", "mails": 2, "sources": {"bbc"}, "updates": False}


def test_only_failed_messages_are_delivered_again() -> None:
    def handle(message: Any) -> None:
        if message["number"] % 2:
            raise ValueError("alice@mail.example")

    event = SQSEvent(sqs_event([{"number": number} for number in range(4)]), {})
    failures = [{"itemIdentifier": "1"}, {"itemIdentifier": "3"}]
    assert each_message(event, handle) == {"batchItemFailures": failures}


def test_an_empty_batch_succeeds() -> None:
    assert each_message(SQSEvent({"Records": []}, {}), print) == {"batchItemFailures": []}


def test_changes_contain_items_with_integers() -> None:
    seen: list[StreamChange] = []
    changes = [("11", None, ITEM), ("12", ITEM, ITEM | {"mails": 3}), ("13", ITEM, None)]
    all_changes(DynamoDBEvent(stream_event(changes), {}), seen.extend)
    assert seen == [StreamChange(*change, NOW) for change in changes]
    assert type((seen[0].after or {})["mails"]) is int


def test_a_failed_change_fails_the_batch_and_logs_no_personal_data() -> None:
    def handle(_: object) -> None:
        raise ValueError("alice@mail.example")

    with pytest.raises(BatchFailed) as caught:
        all_changes(DynamoDBEvent(stream_event([("1", None, ITEM)]), {}), handle)
    assert str(caught.value) == ""
    assert caught.value.__suppress_context__
