"""Requests that the emulator accepts and AWS refuses: accepted from the deployer, refused from a function."""

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stack.aws import Cloud
from tests.strict.conftest import BUCKET, ONCE, SENDER, TABLE, Clients

KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}
QUERY = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}}
INVALID, BAD_REQUEST, BAD_PARAMETER = "ValidationException", "BadRequestException", "InvalidParameterValue"


def update_request(expression: str, values: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"Key": KEY, "UpdateExpression": expression, "ExpressionAttributeValues": values, **more}


def batch_get_request(**request: Any) -> dict[str, Any]:
    return {"RequestItems": {TABLE: {"Keys": [KEY], **request}}}


MANY_VALUES = {f":v{number}": {"S": "x"} for number in range(101)}
ATTRIBUTE_NAMES = {"ExpressionAttributeNames": {"#n": "n"}}
TABLE_REQUESTS: list[tuple[str, dict[str, Any]]] = [
    ("query", {**QUERY, "ExclusiveStartKey": {**KEY, "more": {"S": "x"}}}),
    ("query", {**QUERY, "FilterExpression": "sk <> :p"}),
    ("query", {**QUERY, "ExpressionAttributeNames": {}}),
    (
        "update_item",
        update_request("SET n=:v0", MANY_VALUES, ConditionExpression=f"NOT n IN ({','.join(MANY_VALUES)})"),
    ),
    ("update_item", update_request("SET n=:x", {":x": {"S": ""}}, ConditionExpression=" OR ".join(["n<>:x"] * 301))),
    ("update_item", update_request("SET n=:x, n=:x", {":x": {"S": "x"}})),
    ("update_item", update_request("SET n=if_not_exists(m, :x), #n=:x", {":x": {"S": "x"}}, **ATTRIBUTE_NAMES)),
    ("update_item", update_request("ADD letters :x", {":x": {"SS": []}})),
    ("put_item", {"Item": {"pk": {"S": "a"}, "sk": {"S": "z"}, "s": {"SS": [""]}}}),
    ("batch_get_item", batch_get_request(ProjectionExpression="pk", **ATTRIBUTE_NAMES)),
]


@pytest.mark.parametrize(("operation", "request_"), TABLE_REQUESTS)
def test_dynamodb_refuses_the_request(
    cloud: Cloud, function_clients: Clients, operation: str, request_: dict[str, Any]
) -> None:
    named = request_ if operation == "batch_get_item" else {"TableName": TABLE, **request_}
    assert refusal_code(cloud, function_clients, "dynamodb", operation, named) == INVALID


def batch_request(**entry: Any) -> dict[str, Any]:
    return {"Entries": [{"Id": "a", "MessageBody": "x", **entry}]}


@pytest.mark.parametrize(
    ("operation", "request_", "code"),
    [
        ("send_message", {"MessageBody": "x", "DelaySeconds": 901}, BAD_PARAMETER),
        ("send_message_batch", batch_request(DelaySeconds=901), BAD_PARAMETER),
        ("send_message_batch", batch_request(DelaySeconds=-1), BAD_PARAMETER),
        ("receive_message", {"VisibilityTimeout": 43_201}, BAD_PARAMETER),
        ("receive_message", {"WaitTimeSeconds": 21}, BAD_PARAMETER),
        ("get_queue_attributes", {"AttributeNames": ["Depth"]}, "InvalidAttributeName"),
    ],
)
def test_sqs_refuses_the_request(
    cloud: Cloud, function_clients: Clients, queue_url: str, operation: str, request_: dict[str, Any], code: str
) -> None:
    assert refusal_code(cloud, function_clients, "sqs", operation, {"QueueUrl": queue_url, **request_}) == code


def headers(*pairs: tuple[str, str]) -> dict[str, Any]:
    return {"Headers": [{"Name": name, "Value": value} for name, value in pairs]}


def to(*addresses: str) -> dict[str, Any]:
    return {"Destination": {"ToAddresses": list(addresses)}}


def tag(name: str, value: str) -> dict[str, Any]:
    return {"EmailTags": [{"Name": name, "Value": value}]}


def mail(message: Mapping[str, Any] = {}, **more: Any) -> dict[str, Any]:
    simple = {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}, **message}
    return {"FromEmailAddress": SENDER, **to("ada@example.org"), "Content": {"Simple": simple}, **more}


MAILS = {
    "51 recipients": mail(**to(*(f"a{number}@example.org" for number in range(51)))),
    "no recipient": mail(**to()),
    "local part beyond ASCII": mail(**to("jürgen@example.org")),
    "domain not in punycode": mail(**to("ada@exämple.org")),
    "no address": mail(**to("ada")),
    "space in an address": mail(**to("ada b@example.org")),
    "line break in the subject": mail({"Subject": {"Data": "a\nb"}}),
    "no body": mail({"Body": {}}),
    "40 MB": mail({"Body": {"Text": {"Data": "x" * (41 * 1024 * 1024)}}}),
    "line break in a header": mail(headers(("X-A", "a\nBcc: eve@example.org"))),
    "space in a header's name": mail(headers(("X A", "a"))),
    "colon in a header's name": mail(headers(("X:A", "a"))),
    "header beyond ASCII": mail(headers(("X-A", "ä"))),
    "empty header": mail(headers(("X-A", ""))),
    "header of 996": mail(headers(("X", "a" * 996))),
    "name and value of 997": mail(headers(("X-A", "a" * 994))),
    "header name of 127": mail(headers(("X" * 127, "a"))),
    "header that SES sets": mail(headers(("Subject", "a"))),
    "a header twice": mail(headers(("X-A", "a"), ("x-a", "b"))),
    "16 headers": mail(headers(*((f"X-{number}", "a") for number in range(16)))),
    "space in a tag": mail(**tag("a", "a b")),
    "empty tag": mail(**tag("a", "")),
    "sign in a tag's name": mail(**tag("a#", "a")),
    "tag of 257": mail(**tag("a", "a" * 257)),
}


@pytest.mark.parametrize("case", MAILS)
def test_ses_refuses_the_email(cloud: Cloud, function_clients: Clients, case: str) -> None:
    assert refusal_code(cloud, function_clients, "sesv2", "send_email", MAILS[case]) == BAD_REQUEST


@pytest.mark.parametrize(
    ("operation", "request_", "code"),
    [
        ("put_object", {"Key": "x" * 1025, "Body": b""}, "KeyTooLongError"),
        ("delete_objects", {"Delete": {"Objects": [{"Key": str(each)} for each in range(1001)]}}, "MalformedXML"),
        ("delete_objects", {"Delete": {"Objects": []}}, "MalformedXML"),
    ],
)
def test_s3_refuses_the_request(
    cloud: Cloud, function_clients: Clients, operation: str, request_: dict[str, Any], code: str
) -> None:
    assert refusal_code(cloud, function_clients, "s3", operation, {"Bucket": BUCKET, **request_}) == code


def test_a_request_within_the_limits_is_accepted(function_clients: Clients, queue_url: str) -> None:
    function_clients("dynamodb").update_item(
        TableName=TABLE, **update_request("SET n=:x, m=if_not_exists(m, :x)", {":x": {"S": "x"}})
    )
    function_clients("dynamodb").query(TableName=TABLE, **QUERY, ExclusiveStartKey=KEY)
    function_clients("sqs").send_message_batch(QueueUrl=queue_url, **batch_request(DelaySeconds=900))
    function_clients("s3").put_object(Bucket=BUCKET, Key="x" * 1024, Body=b"")
    longest_header = headers(("X-A", "a" * 993))
    function_clients("sesv2").send_email(**mail(longest_header, **tag("a", "b_c-1")))


def refusal_code(cloud: Cloud, clients: Clients, service: Any, operation: str, request: dict[str, Any]) -> str:
    """Return the code of the refusal. The emulator alone must accept the request."""
    session: Any = cloud._session()
    of_deployer = session.client(service, endpoint_url=cloud.endpoint, config=ONCE)
    getattr(of_deployer, operation)(**request)
    of_function = clients(service)
    with pytest.raises(ClientError) as caught:
        getattr(of_function, operation)(**request)
    return str(caught.value.response["Error"]["Code"])
