"""Do what Lambda's poller does: pass messages of a queue to a handler, delete those that succeed, and repeat others."""

import os
from collections.abc import Callable
from typing import Any

import boto3

CONTEXT = type("Context", (), {"aws_request_id": "41b45ea3-70b5-11e6-b7bd-69b5aaebc7d9"})()
Handle = Callable[[dict[str, Any], Any], dict[str, Any]]


def drain(variable: str, handle: Handle, receives: int = 1000) -> None:
    """Handle all messages of a queue, in at most `receives` batches. Failed messages can be received again at once.

    `variable`: the setting with the queue's URL.
    """
    sqs: Any = boto3.client("sqs")
    url = os.environ[variable]
    for _ in range(receives):
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        if not found:
            return
        records = [_record(message) for message in found]
        answer = handle({"Records": records}, CONTEXT)
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
