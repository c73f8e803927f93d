"""Records are read from events, and failed ones are reported."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from chalice.app import DynamoDBEvent, SQSEvent

from chalicelib.core.errors import Denied, NotYet, Throttled, Unavailable
from chalicelib.edge.batch import BatchFailed, StreamChange, handle_changes, handle_messages
from tests.actors import NOW
from tests.fake_site import sqs_event, stream_event
from tests.fakes import FakeQueue

ITEM = {"pk": "safe-children#00", "sk": "x", "mails": 2, "sources": {"bbc"}, "updates": False}


def test_only_failed_messages_are_delivered_again() -> None:
    def handle(message: Any) -> None:
        if message["number"] % 2:
            raise ValueError("alice@mail.example")

    messages = [{"number": number} for number in range(4)]
    failures = [{"itemIdentifier": "1"}, {"itemIdentifier": "3"}]
    assert handle_messages(SQSEvent(sqs_event(messages), {}), handle) == {"batchItemFailures": failures}


def later(_: object) -> None:
    raise Unavailable


def untried(_: object) -> None:
    raise NotYet(is_untried=True)


def buggy(_: object) -> None:
    raise ValueError


@pytest.mark.parametrize(
    ("handle", "waits"),
    [
        (later, {1: 5, 2: 10, 3: 20, 6: 160, 7: 300, 20: 300, 21: None, 999: None}),
        (buggy, {1: 5, 7: 300, 21: None}),
        (untried, {1: 5, 20: 5, 21: None}),  # Nothing was tried, so there is no reason to wait longer.
        (str, {1: None}),
    ],
)
def test_a_failed_message_comes_again_after_a_short_time_that_grows(
    handle: Callable[[object], object], waits: dict[int, int | None], queue: FakeQueue
) -> None:
    """None: when the visibility timeout of the queue is over."""
    for attempts, seconds in waits.items():
        queue.waits.clear()
        handle_messages(SQSEvent(sqs_event([{}], attempts), {}), handle, queue)
        assert queue.waits.get("r0") == seconds


@pytest.mark.parametrize("error", [Unavailable, Throttled, Denied])
def test_if_sqs_refuses_the_wait_the_message_still_counts_as_failed(error: type[Exception], queue: FakeQueue) -> None:
    """It then comes again after the visibility timeout of the queue."""
    queue.fail_next(error())
    answer = handle_messages(SQSEvent(sqs_event([{}]), {}), later, queue)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    assert queue.waits == {}


def test_changes_contain_items_with_integers() -> None:
    seen: list[StreamChange] = []
    changes = [("11", None, ITEM), ("12", ITEM, ITEM | {"mails": 3}), ("13", ITEM, None)]
    handle_changes(DynamoDBEvent(stream_event(changes), {}), seen.extend)
    assert [change[1:] for change in seen] == [(before, after, NOW) for _, before, after in changes]
    first = seen[0].after
    assert first
    assert type(first["mails"]) is int


def test_positions_sort_by_the_age_of_the_stream_then_by_number() -> None:
    """A restored table has a new stream. AWS does not say that its sequence numbers are larger than the old ones."""
    seen: list[StreamChange] = []
    event = stream_event([("98", None, ITEM), ("100", None, ITEM), ("9", None, ITEM)])
    restored = event["Records"][2]
    restored["eventSourceARN"] = restored["eventSourceARN"].replace("2026-11-24", "2026-12-01")
    handle_changes(DynamoDBEvent(event, {}), seen.extend)
    first, second, third = (change.position for change in seen)
    assert first < second < third


def test_a_batch_fails_while_aws_does_not_answer_and_logs_no_personal_data() -> None:
    def handle(_: object) -> None:
        raise Unavailable("alice@mail.example")

    with pytest.raises(BatchFailed) as caught:
        handle_changes(DynamoDBEvent(stream_event([("1", None, ITEM)]), {}), handle)
    assert str(caught.value) == ""
    assert caught.value.__suppress_context__


def test_a_change_that_cannot_be_handled_is_left_out_and_reported(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[str] = []

    def handle(changes: Iterable[StreamChange]) -> None:
        for change in changes:
            assert change.after
            seen.append(change.after["name"])

    changes = [("11", None, ITEM | {"name": "a"}), ("12", None, ITEM), ("13", None, ITEM | {"name": "b"})]
    handle_changes(DynamoDBEvent(stream_event(changes), {}), handle)
    assert seen[-2:] == ["a", "b"]
    skipped = caplog.records[-1]
    assert (skipped.message, vars(skipped)["measured"]) == ("change_skipped", {"Degraded": 1})
    assert vars(skipped)["facts"] == {"sequence": "12", "pk": ITEM["pk"], "sk": ITEM["sk"]}


def test_a_record_that_cannot_be_read_is_left_out() -> None:
    seen: list[StreamChange] = []
    event = stream_event([("11", None, ITEM), ("12", None, ITEM)])
    event["Records"][0]["dynamodb"]["NewImage"]["mails"] = {"N": "many"}
    event["Records"].append({"eventID": "none"})
    handle_changes(DynamoDBEvent(event, {}), seen.extend)
    assert [change.position[-3:] for change in seen] == ["012"]


@pytest.mark.parametrize("error", [Unavailable, NotYet])
def test_a_change_that_fails_for_a_time_is_not_left_out(error: type[Exception]) -> None:
    def handle(changes: Iterable[StreamChange]) -> None:
        if len(list(changes)) == 1:
            raise error
        raise ValueError

    with pytest.raises(BatchFailed):
        handle_changes(DynamoDBEvent(stream_event([("1", None, ITEM), ("2", None, ITEM)]), {}), handle)
