"""Sending raises an error unless SQS accepts all messages."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from chalicelib.aws.queue import Outgoing, Queue
from chalicelib.core.errors import Throttled, Unavailable

URL = "https://sqs.invalid/1/mail"


@pytest.fixture
def queue_and_stub() -> Iterator[tuple[Queue, Stubber]]:
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    client = boto3.client("sqs", region_name="eu-west-2", **keys)  # type: ignore[call-overload]
    with Stubber(client) as stub:
        yield Queue(client, URL), stub
        stub.assert_no_pending_responses()


def batch_request(messages: list[dict[str, int]]) -> dict[str, Any]:
    entries = [
        {"Id": str(number), "MessageBody": json.dumps(message), "DelaySeconds": 0}
        for number, message in enumerate(messages)
    ]
    return {"QueueUrl": URL, "Entries": entries}


def success(count: int) -> dict[str, Any]:
    entry = {"MessageId": "m", "MD5OfMessageBody": "x"}
    return {"Successful": [entry | {"Id": str(number)} for number in range(count)], "Failed": []}


def test_messages_are_sent_in_batches_of_ten(queue_and_stub: tuple[Queue, Stubber]) -> None:
    queue, stub = queue_and_stub
    messages = [{"n": number} for number in range(23)]
    for start in (0, 10, 20):
        chunk = messages[start : start + 10]
        stub.add_response("send_message_batch", success(len(chunk)), batch_request(chunk))
    queue.send([Outgoing(message) for message in messages])


def test_a_rejected_message_is_an_error(queue_and_stub: tuple[Queue, Stubber]) -> None:
    queue, stub = queue_and_stub
    failed = {"Id": "1", "SenderFault": False, "Code": "InternalError"}
    stub.add_response("send_message_batch", success(1) | {"Failed": [failed]})
    with pytest.raises(Unavailable):
        queue.send([Outgoing({"n": 1}), Outgoing({"n": 2})])


def test_an_empty_answer_is_an_error(queue_and_stub: tuple[Queue, Stubber]) -> None:
    queue, stub = queue_and_stub
    stub.add_response("send_message_batch", {"Successful": [], "Failed": []})
    with pytest.raises(Unavailable):
        queue.send([Outgoing({"n": 1})])


@pytest.mark.parametrize(
    ("code", "error"),
    [("RequestThrottled", Throttled), ("ServiceUnavailable", Unavailable), ("ThrottlingException", Throttled)],
)
def test_a_queue_that_does_not_answer_is_unavailable(
    queue_and_stub: tuple[Queue, Stubber], code: str, error: type[Exception]
) -> None:
    queue, stub = queue_and_stub
    stub.add_client_error("send_message_batch", code)
    with pytest.raises(error):
        queue.send([Outgoing({"n": 1})])
    stub.add_client_error("get_queue_attributes", code)
    with pytest.raises(error):
        queue.check()


@pytest.mark.parametrize("delayed", [True, False])
def test_the_depth_includes_waiting_in_flight_and_perhaps_delayed_messages(
    queue_and_stub: tuple[Queue, Stubber], delayed: bool
) -> None:
    queue, stub = queue_and_stub
    names = [f"ApproximateNumberOfMessages{which}" for which in ("", "NotVisible", "Delayed")[: 2 + delayed]]
    attributes: Any = dict(zip(names, ("3", "20", "100"), strict=False))
    stub.add_response("get_queue_attributes", {"Attributes": attributes}, {"QueueUrl": URL, "AttributeNames": names})
    assert (queue.depth() if delayed else queue.depth_without_delayed()) == (123 if delayed else 23)


def test_the_waits_of_received_messages_are_set_in_one_call(queue_and_stub: tuple[Queue, Stubber]) -> None:
    queue, stub = queue_and_stub
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
