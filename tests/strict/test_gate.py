"""Before the emulator runs a call, it checks the policy of the role that signed the call."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from stack.aws import Cloud
from stack.emulator import Emulator
from stack.paths import REGION
from tests.strict.conftest import BUCKET, TABLE, Clients, create_function, create_role

TABLE_ARN = f"arn:aws:dynamodb:{REGION}:000000000000:table/{TABLE}"
POLICY = {
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "dynamodb:UpdateItem",
            "Resource": TABLE_ARN,
            "Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["mine"]}},
        },
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/mine/*"},
    ]
}
CHANGE = {"UpdateExpression": "SET n = :n", "ExpressionAttributeValues": {":n": {"S": "x"}}}


@pytest.fixture(scope="module")
def limited_clients(queue_url: str, clients_of_policy: Callable[[dict[str, Any]], Clients]) -> Clients:
    return clients_of_policy(POLICY)


def update(clients: Clients, partition: str) -> Any:
    key = {"pk": {"S": partition}, "sk": {"S": "b"}}
    return clients("dynamodb").update_item(TableName=TABLE, Key=key, **CHANGE)


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(ClientError) as caught:
        call()
    return str(caught.value.response["Error"]["Code"])


def test_a_foreign_leading_key_is_refused_and_nothing_is_written(limited_clients: Clients, cloud: Cloud) -> None:
    update(limited_clients, "mine")
    assert code_of(lambda: update(limited_clients, "theirs")) == "AccessDeniedException"
    found = cloud.client("dynamodb").scan(TableName=TABLE)["Items"]
    assert {"S": "mine"} in [item["pk"] for item in found]
    assert {"S": "theirs"} not in [item["pk"] for item in found]


def test_a_transaction_is_judged_item_by_item(limited_clients: Clients) -> None:
    def write(partition: str) -> dict[str, Any]:
        key = {"pk": {"S": partition}, "sk": {"S": partition}}
        return {"Update": {"TableName": TABLE, "Key": key, **CHANGE}}

    dynamodb = limited_clients("dynamodb")
    dynamodb.transact_write_items(TransactItems=[write("mine")])
    both = [write("mine"), write("theirs")]
    assert code_of(lambda: dynamodb.transact_write_items(TransactItems=both)) == "AccessDeniedException"


def test_a_call_for_a_queue_without_a_statement_is_refused(limited_clients: Clients, queue_url: str) -> None:
    sqs = limited_clients("sqs")
    assert code_of(lambda: sqs.send_message(QueueUrl=queue_url, MessageBody="x")) == "AccessDenied"


WRITER_CODE = """
import boto3
def handler(event, context):
    key = {"pk": {"S": event["partition"]}, "sk": {"S": "b"}}
    boto3.client("dynamodb").update_item(TableName=event["table"], Key=key, UpdateExpression="SET n = :n",
                                         ExpressionAttributeValues={":n": {"S": "x"}})
    return "written"
"""


def test_a_deployed_function_is_judged_by_its_own_role(queue_url: str, cloud: Cloud) -> None:
    create_function(cloud, "writes", WRITER_CODE, create_role(cloud, "writes", POLICY))

    def invoke(partition: str) -> Any:
        event = json.dumps({"table": TABLE, "partition": partition})
        answer = cloud.client("lambda").invoke(FunctionName="writes", Payload=event)
        return json.load(answer["Payload"])

    assert invoke("mine") == "written"
    assert "AccessDeniedException" in invoke("theirs")["errorMessage"]


def test_a_link_reads_only_what_the_role_that_signed_it_may_read(limited_clients: Clients, cloud: Cloud) -> None:
    for key in ("mine/file", "theirs/file"):
        cloud.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"content")

    def fetch(key: str) -> bytes:
        link = limited_clients("s3").generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": key})
        with urllib.request.urlopen(link, timeout=10) as answer:
            return bytes(answer.read())

    assert fetch("mine/file") == b"content"
    with pytest.raises(urllib.error.HTTPError, match="403"):
        fetch("theirs/file")


def test_a_link_with_signature_version_2_is_refused(function_clients: Clients) -> None:
    parameters = {"Bucket": BUCKET, "Key": "mine/file"}
    link = function_clients("s3", "s3").generate_presigned_url("get_object", Params=parameters)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(link)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_an_unsigned_call_for_an_object_is_refused(
    strict_emulator: Emulator, queue_url: str, cloud: Cloud, method: str
) -> None:
    cloud.client("s3").put_object(Bucket=BUCKET, Key="secret", Body=b"content")
    request = urllib.request.Request(f"{strict_emulator.endpoint}/{BUCKET}/secret", method=method)
    with pytest.raises(urllib.error.HTTPError, match="403") as caught:
        urllib.request.urlopen(request, timeout=10)
    assert b"<Code>AccessDenied</Code>" in caught.value.read()


def test_a_call_that_the_referee_does_not_know_is_refused(function_clients: Clients) -> None:
    assert code_of(function_clients("dynamodb").list_tables) == "NotJudged"
    assert code_of(function_clients("lambda").list_functions) == "NotJudged"


def test_a_session_that_the_emulator_did_not_issue_is_refused(strict_emulator: Emulator) -> None:
    client: Any = boto3.client(
        "dynamodb",
        REGION,
        endpoint_url=strict_emulator.endpoint,
        aws_access_key_id="ASIAUNKNOWN",
        aws_secret_access_key="x",
    )
    assert code_of(lambda: client.get_item(TableName=TABLE, Key={})) == "UnrecognizedClientException"
