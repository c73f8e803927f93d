"""Requests that the emulator accepts and AWS refuses. The judge refuses them."""

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stack.judge.answers import Refused
from stack.judge.caller import calling
from stack.judge.judge import Judge
from stack.judge.limits import check
from stack.judge.model import Call
from tests.emulated_resources import SENDER
from tests.judge.conftest import client_to_nowhere

Request = dict[str, Any]
TABLE = "table"
KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}
QUERY = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}}
INVALID, BAD_REQUEST, BAD_PARAMETER = "ValidationException", "BadRequestException", "InvalidParameterValue"


def update_request(expression: str, values: Mapping[str, Any], **more: Any) -> Request:
    return {"Key": KEY, "UpdateExpression": expression, "ExpressionAttributeValues": values, **more}


MANY_VALUES = {f":v{number}": {"S": "x"} for number in range(101)}
ATTRIBUTE_NAMES = {"ExpressionAttributeNames": {"#n": "n"}}
TABLE_REQUESTS: list[tuple[str, Request]] = [
    ("Query", {**QUERY, "ExclusiveStartKey": {**KEY, "more": {"S": "x"}}}),
    ("Query", {**QUERY, "FilterExpression": "sk <> :p"}),
    ("Query", {**QUERY, "ExpressionAttributeNames": {}}),
    (
        "UpdateItem",
        update_request("SET n=:v0", MANY_VALUES, ConditionExpression=f"NOT n IN ({','.join(MANY_VALUES)})"),
    ),
    ("UpdateItem", update_request("SET n=:x", {":x": {"S": ""}}, ConditionExpression=" OR ".join(["n<>:x"] * 301))),
    ("UpdateItem", update_request("SET #n=:x, #n=:x", {":x": {"S": "x"}}, **ATTRIBUTE_NAMES)),
    (
        "UpdateItem",
        update_request("SET #a=:x ADD #b :x", {":x": {"N": "1"}}, ExpressionAttributeNames={"#a": "n", "#b": "n"}),
    ),
    ("UpdateItem", update_request("ADD letters :x", {":x": {"SS": []}})),
    ("PutItem", {"Item": {"pk": {"S": "a"}, "sk": {"S": "z"}, "s": {"SS": [""]}}}),
    ("BatchGetItem", {"RequestItems": {TABLE: {"Keys": [KEY], "ProjectionExpression": "pk", **ATTRIBUTE_NAMES}}}),
]


def batch_request(**entry: Any) -> Request:
    return {"Entries": [{"Id": "a", "MessageBody": "x", **entry}]}


QUEUE_REQUESTS: list[tuple[str, Request, str]] = [
    ("SendMessage", {"MessageBody": "x", "DelaySeconds": 901}, BAD_PARAMETER),
    ("SendMessageBatch", batch_request(DelaySeconds=901), BAD_PARAMETER),
    ("SendMessageBatch", batch_request(DelaySeconds=-1), BAD_PARAMETER),
    ("ReceiveMessage", {"VisibilityTimeout": 43_201}, BAD_PARAMETER),
    ("ReceiveMessage", {"WaitTimeSeconds": 21}, BAD_PARAMETER),
    ("GetQueueAttributes", {"AttributeNames": ["Depth"]}, "InvalidAttributeName"),
]


def headers(*pairs: tuple[str, str]) -> Request:
    return {"Headers": [{"Name": name, "Value": value} for name, value in pairs]}


def to(*addresses: str) -> Request:
    return {"Destination": {"ToAddresses": list(addresses)}}


def tag(name: str, value: str) -> Request:
    return {"EmailTags": [{"Name": name, "Value": value}]}


def mail(message: Mapping[str, Any] = {}, **more: Any) -> Request:
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
    "line break in a header": mail(headers(("X-A", "a\nBcc: eve@example.org"))),
    "header beyond ASCII": mail(headers(("X-A", "ä"))),
    "header of 871": mail(headers(("X", "a" * 871))),
    "a header twice": mail(headers(("X-A", "a"), ("x-a", "b"))),
    "16 headers": mail(headers(*((f"X-{number}", "a") for number in range(16)))),
    "space in a tag": mail(**tag("a", "a b")),
    "sign in a tag's name": mail(**tag("a#", "a")),
    "tag of 257": mail(**tag("a", "a" * 257)),
}
FILE_REQUESTS: list[tuple[str, Request, str]] = [
    ("PutObject", {"Key": "x" * 1025, "Body": b""}, "KeyTooLongError"),
    ("DeleteObjects", {"Delete": {"Objects": [{"Key": str(each)} for each in range(1001)]}}, "MalformedXML"),
    ("DeleteObjects", {"Delete": {"Objects": []}}, "MalformedXML"),
]
REFUSED: list[tuple[Call, str]] = [
    *((Call("dynamodb", operation, params), INVALID) for operation, params in TABLE_REQUESTS),
    *((Call("sqs", operation, params), code) for operation, params, code in QUEUE_REQUESTS),
    *((Call("sesv2", "SendEmail", params), BAD_REQUEST) for params in MAILS.values()),
    *((Call("s3", operation, params), code) for operation, params, code in FILE_REQUESTS),
]


@pytest.mark.parametrize(("call", "code"), REFUSED)
def test_the_judge_refuses_the_call_as_aws_does(call: Call, code: str) -> None:
    with pytest.raises(Refused) as caught:
        check(call)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "call",
    [
        Call("dynamodb", "UpdateItem", update_request("SET #n=:x", {":x": {"S": "x"}}, **ATTRIBUTE_NAMES)),
        Call("dynamodb", "Query", {**QUERY, "ExclusiveStartKey": KEY}),
        Call("sqs", "SendMessageBatch", batch_request(DelaySeconds=900)),
        Call("s3", "PutObject", {"Key": "x" * 1024, "Body": b""}),
        Call("sesv2", "SendEmail", mail(headers(("X-A", "a" * 870)), **tag("a", "b_c-1"))),
    ],
    ids=lambda call: call.operation,
)
def test_a_call_within_the_limits_is_accepted(call: Call) -> None:
    check(call)


def test_a_call_of_a_function_is_checked_before_it_is_sent(lenient_judge: Judge) -> None:
    request = {"QueueUrl": "http://127.0.0.1:1/1/q", "MessageBody": "x", "DelaySeconds": 901}
    with calling("send_mail"), pytest.raises(ClientError, match=BAD_PARAMETER):
        client_to_nowhere("sqs")._make_api_call("SendMessage", request)
