"""Make what Lambda passes to our functions: records of the table's stream, queue messages, and the GET of a page."""

import json
import urllib.request
from typing import Any
from urllib.parse import parse_qs

import boto3

from benchmarks import scene
from chalicelib.aws.expressions import to_wire, wire_key
from chalicelib.aws.table import tables
from chalicelib.core import keys

# The context of an invocation.
CONTEXT = type("Context", (), {"aws_request_id": "41b45ea3-70b5-11e6-b7bd-69b5aaebc7d9"})()
ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/signatures/stream/2026-11-24T12:00:00.000"


def create_queue_and_sender() -> None:
    """Create the mail queue and the SES sender, as the template does."""
    _, _, queue_name = scene.SETTINGS["MAIL_QUEUE_URL"].rpartition("/")
    boto3.client("sqs").create_queue(QueueName=queue_name)
    boto3.client("ses").verify_email_identity(EmailAddress=scene.SETTINGS["MAIL_FROM"])


def signature_item(slug: str, signature_id: str) -> dict[str, Any]:
    """Return the stored signature. Raise RuntimeError if it is missing: a worker without work would look cheap."""
    item = tables().get(keys.signature(slug, signature_id), consistent=True)
    if item is None:
        raise RuntimeError(f"{signature_id} is not in the table")
    return item


def insert_record(slug: str, signature_id: str, number: int) -> dict[str, Any]:
    """Return the stream record of the signature's first write. Its sequence number is made from `number`."""
    item = signature_item(slug, signature_id)
    change = {
        "ApproximateCreationDateTime": 1796126400.0,
        "Keys": wire_key(keys.signature(slug, signature_id)),
        "NewImage": to_wire(item),
        "SequenceNumber": f"{number + 1:021}",
        "SizeBytes": 400,
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    }
    event = {"eventID": f"{number:032}", "eventName": "INSERT", "eventVersion": "1.1", "eventSource": "aws:dynamodb"}
    return {**event, "awsRegion": "us-east-1", "dynamodb": change, "eventSourceARN": ARN}


def mail_request(slug: str, signature_id: str) -> dict[str, Any]:
    item = signature_item(slug, signature_id)
    message = {"kind": item["mail_kind"], "key": f"{slug}_{signature_id}", "requested_at": item["mail_requested_at"]}
    return _message(message, signature_id)


def page_request(button_request: dict[str, Any]) -> dict[str, Any]:
    """Return the GET request for the page whose button sends `button_request`."""
    (token,) = parse_qs(button_request["body"])["token"]
    return {
        **button_request,
        "httpMethod": "GET",
        "queryStringParameters": {"token": token},
        "multiValueQueryStringParameters": {"token": [token]},
        "requestContext": {**button_request["requestContext"], "httpMethod": "GET"},
        "body": None,
    }


def sent_emails(endpoint: str) -> list[dict[str, Any]]:
    """Return the emails that the emulated SES accepted."""
    with urllib.request.urlopen(f"{endpoint}/_ministack/ses/messages", timeout=30) as answer:
        return [mail for account in json.load(answer)["messages"].values() for mail in account]


def _message(body: dict[str, Any], message_id: str) -> dict[str, Any]:
    return {"messageId": message_id, "receiptHandle": "r", "body": json.dumps(body), "eventSource": "aws:sqs"}
