"""Sending raises an error unless SQS accepts all messages. Sources are switched only from a settled state."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.aws.queue import Outgoing, Queue, Source
from chalicelib.core.errors import Unavailable
from tests.aws.stubbed import Stub, stubbed

URL, UUID = "https://sqs.invalid/1/mail", "0" * 36


@pytest.fixture
def stub() -> Iterator[Stub]:
    with stubbed("sqs") as stub:
        yield stub


@pytest.fixture
def queue(stub: Stub) -> Queue:
    return Queue(stub.client, URL)


@pytest.fixture
def lambdas() -> Iterator[Stub]:
    with stubbed("lambda") as stub:
        yield stub


def success(count: int) -> dict[str, Any]:
    entry = {"MessageId": "m", "MD5OfMessageBody": "x"}
    return {"Successful": [entry | {"Id": str(number)} for number in range(count)], "Failed": []}


def test_messages_are_sent_in_batches_of_ten(stub: Stub, queue: Queue) -> None:
    messages = [{"n": number} for number in range(23)]
    for start in (0, 10, 20):
        chunk = messages[start : start + 10]
        entries = [
            {"Id": str(number), "MessageBody": json.dumps(message), "DelaySeconds": 0}
            for number, message in enumerate(chunk)
        ]
        stub.add_response("send_message_batch", success(len(chunk)), {"QueueUrl": URL, "Entries": entries})
    queue.send([Outgoing(message) for message in messages])


@pytest.mark.parametrize("failed", [[{"Id": "1", "SenderFault": False, "Code": "InternalError"}], []])
def test_a_message_that_sqs_rejects_or_does_not_mention_is_an_error(
    stub: Stub, queue: Queue, failed: list[dict[str, Any]]
) -> None:
    stub.add_response("send_message_batch", success(1) | {"Failed": failed})
    with pytest.raises(Unavailable):
        queue.send([Outgoing({"n": 1}), Outgoing({"n": 2})])


@pytest.mark.parametrize("delayed", [True, False])
def test_the_depth_includes_waiting_in_flight_and_perhaps_delayed_messages(
    stub: Stub, queue: Queue, delayed: bool
) -> None:
    names = [f"ApproximateNumberOfMessages{which}" for which in ("", "NotVisible", "Delayed")[: 2 + delayed]]
    attributes: Any = dict(zip(names, ("3", "20", "100"), strict=False))
    stub.add_response("get_queue_attributes", {"Attributes": attributes}, {"QueueUrl": URL, "AttributeNames": names})
    assert (queue.depth() if delayed else queue.depth_without_delayed()) == (123 if delayed else 23)


def test_the_waits_of_received_messages_are_set_in_one_call(stub: Stub, queue: Queue) -> None:
    entries = [
        {"Id": "0", "ReceiptHandle": "a", "VisibilityTimeout": 5},
        {"Id": "1", "ReceiptHandle": "b", "VisibilityTimeout": 300},
    ]
    request = {"QueueUrl": URL, "Entries": entries}
    both = [{"Id": "0"}, {"Id": "1"}]
    stub.add_response("change_message_visibility_batch", {"Successful": both, "Failed": []}, request)
    queue.deliver_again_in({"a": 5, "b": 300})
    stub.add_response("change_message_visibility_batch", {"Successful": both[:1], "Failed": []}, request)
    with pytest.raises(Unavailable):
        queue.deliver_again_in({"a": 5, "b": 300})


@pytest.mark.parametrize("is_on", [True, False])
@pytest.mark.parametrize("state", ["Enabled", "Disabled", "Enabling", "Disabling", "Updating", "Creating"])
def test_a_source_is_switched_only_from_the_opposite_state_and_off_only_if_lambda_says_so(
    lambdas: Stub, state: str, is_on: bool
) -> None:
    source, switches = Source(lambdas.client, UUID), state == ("Disabled" if is_on else "Enabled")
    lambdas.add_response("get_event_source_mapping", {"State": state}, {"UUID": UUID})
    if switches:
        lambdas.add_response("update_event_source_mapping", {}, {"UUID": UUID, "Enabled": is_on})
    assert source.switch(is_on=is_on) is switches
    lambdas.add_response("get_event_source_mapping", {"State": state}, {"UUID": UUID})
    assert source.is_off() is (state == "Disabled")


def test_an_event_source_that_is_changing_is_left_alone(lambdas: Stub) -> None:
    lambdas.add_response("get_event_source_mapping", {"State": "Enabled"})
    lambdas.add_client_error("update_event_source_mapping", "ResourceInUseException")
    with pytest.raises(Unavailable):
        Source(lambdas.client, UUID).switch(is_on=False)
