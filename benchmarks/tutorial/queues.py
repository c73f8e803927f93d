"""Work as Lambda's poller: pass messages on, delete those that succeeded, and deliver the rest again."""

import os
from collections.abc import Callable
from typing import Any

import boto3

CONTEXT = type("Context", (), {"aws_request_id": "41b45ea3-70b5-11e6-b7bd-69b5aaebc7d9"})()
Handle = Callable[[dict[str, Any], Any], dict[str, Any]]


def drain(variable: str, handle: Handle, receives: int = 1000) -> None:
    """Handle all messages of the setting's queue, in `receives` batches at most. Failed ones are visible at once."""
    sqs: Any = boto3.client("sqs")
    url = os.environ[variable]
    for _ in range(receives):
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        if not found:
            return
        answer = handle({"Records": [_record(message) for message in found]}, CONTEXT)
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        for message in found:
            receipt = {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}
            if message["MessageId"] in failed:
                sqs.change_message_visibility(**receipt, VisibilityTimeout=0)
            else:
                sqs.delete_message(**receipt)


def _record(message: dict[str, Any]) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "eventSource": "aws:sqs",
    }
