"""SQS: all taken, or told."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from chalicelib.aws.queue import Outgoing, Queue
from chalicelib.core.errors import Throttled, Unavailable

URL = "https://sqs.invalid/1/mail"


@pytest.fixture
def played() -> Iterator[tuple[Queue, Stubber]]:
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    client = boto3.client("sqs", region_name="eu-west-2", **keys)  # type: ignore[call-overload]
    with Stubber(client) as stub:
        yield Queue(client, URL), stub
        stub.assert_no_pending_responses()


def entries(messages: list[dict[str, int]]) -> dict[str, Any]:
    bodies = enumerate(map(json.dumps, messages))
    numbered = [{"Id": str(number), "MessageBody": body, "DelaySeconds": 0} for number, body in bodies]
    return {"QueueUrl": URL, "Entries": numbered}


def taken(count: int) -> dict[str, Any]:
    one = {"MessageId": "m", "MD5OfMessageBody": "x"}
    return {"Successful": [one | {"Id": str(number)} for number in range(count)], "Failed": []}


def test_ten_go_at_a_time_and_none_is_lost(played: tuple[Queue, Stubber]) -> None:
    queue, stub = played
    messages = [{"n": number} for number in range(23)]
    for start in (0, 10, 20):
        chunk = messages[start : start + 10]
        stub.add_response("send_message_batch", taken(len(chunk)), entries(chunk))
    queue.send([Outgoing(message) for message in messages])


def test_nothing_to_send_asks_nothing(played: tuple[Queue, Stubber]) -> None:
    played[0].send([])


def test_one_that_was_not_taken_is_told(played: tuple[Queue, Stubber]) -> None:
    queue, stub = played
    failed = {"Id": "1", "SenderFault": False, "Code": "InternalError"}
    stub.add_response("send_message_batch", taken(1) | {"Failed": [failed]})
    with pytest.raises(Unavailable):
        queue.send([Outgoing({"n": 1}), Outgoing({"n": 2})])


def test_an_answer_that_names_nobody_is_no_promise(played: tuple[Queue, Stubber]) -> None:
    queue, stub = played
    stub.add_response("send_message_batch", {"Successful": [], "Failed": []})
    with pytest.raises(Unavailable):
        queue.send([Outgoing({"n": 1})])


@pytest.mark.parametrize(
    ("code", "error"),
    [("RequestThrottled", Throttled), ("ServiceUnavailable", Unavailable), ("ThrottlingException", Throttled)],
)
def test_a_queue_that_does_not_answer_is_told(played: tuple[Queue, Stubber], code: str, error: type[Exception]) -> None:
    queue, stub = played
    stub.add_client_error("send_message_batch", code)
    with pytest.raises(error):
        queue.send([Outgoing({"n": 1})])
    stub.add_client_error("get_queue_attributes", code)
    with pytest.raises(error):
        queue.check()


def test_the_depth_is_what_waits_and_what_is_being_worked_on(played: tuple[Queue, Stubber]) -> None:
    queue, stub = played
    names = [f"ApproximateNumberOfMessages{which}" for which in ("", "NotVisible", "Delayed")]
    counted: Any = dict(zip(names, ("3", "20", "100"), strict=True))
    stub.add_response("get_queue_attributes", {"Attributes": counted}, {"QueueUrl": URL, "AttributeNames": names})
    assert queue.depth() == 123


def test_a_message_that_could_not_be_handed_over_is_not_deleted(played: tuple[Queue, Stubber]) -> None:
    queue, stub = played
    stub.add_response("receive_message", {"Messages": [{"Body": "{}", "ReceiptHandle": "r"}]})
    stub.add_client_error("send_message_batch", "ServiceUnavailable")
    with pytest.raises(Unavailable):
        list(queue.move_to(queue, 10))


def test_a_message_that_could_not_be_deleted_is_told(played: tuple[Queue, Stubber]) -> None:
    queue, stub = played
    stub.add_response("receive_message", {"Messages": [{"Body": "{}", "ReceiptHandle": "r"}]})
    stub.add_response("send_message_batch", taken(1))
    failed = {"Id": "0", "SenderFault": False, "Code": "InternalError"}
    stub.add_response("delete_message_batch", {"Successful": [], "Failed": [failed]})
    with pytest.raises(Unavailable):
        list(queue.move_to(queue, 10))


def test_health_asks_the_queue_itself(played: tuple[Queue, Stubber]) -> None:
    queue, stub = played
    stub.add_response("get_queue_attributes", {"Attributes": {}}, {"QueueUrl": URL, "AttributeNames": ANY})
    queue.check()
