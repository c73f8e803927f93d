"""Every client of this process is judged, by the role of the function that calls, at every attempt."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from chalicelib.aws import clients
from stack.judge.caller import calling, current
from stack.judge.judge import Judge
from stack.template.tables import table_id
from tests.emulated import EmulatedAws
from tests.judge.conftest import client_to_nowhere

GET: dict[str, Any] = {"TableName": "t", "Key": {"pk": {"S": "a"}, "sk": {"S": "b"}}}
REFUSED: list[tuple[str, str, dict[str, Any], str, int, str]] = [
    ("dynamodb", "GetItem", GET, "dynamodb:GetItem", 400, "AccessDeniedException"),
    (
        "sqs",
        "GetQueueAttributes",
        {"QueueUrl": "http://127.0.0.1:1/1/q"},
        "sqs:GetQueueAttributes",
        403,
        "AccessDenied",
    ),
    ("s3", "GetObject", {"Bucket": "b", "Key": "<k>"}, "s3:GetObject", 403, "AccessDenied"),
    ("sesv2", "GetAccount", {}, "ses:GetAccount", 403, "AccessDeniedException"),
    ("lambda", "GetEventSourceMapping", {"UUID": "u"}, "lambda:GetEventSourceMapping", 403, "AccessDeniedException"),
    ("dynamodb", "ListTables", {}, "", 403, "NotJudged"),
    ("lambda", "ListFunctions", {}, "", 403, "NotJudged"),
]


def error_of(call: Callable[[], object]) -> Any:
    with pytest.raises(ClientError) as caught:
        call()
    return caught.value.response


@pytest.mark.parametrize(("service", "operation", "params", "action", "status", "code"), REFUSED)
def test_a_refusal_has_the_code_status_and_message_of_aws(
    judge: Judge, service: str, operation: str, params: Any, action: str, status: int, code: str
) -> None:
    with calling("sign_in"):
        error = error_of(lambda: client_to_nowhere(service)._make_api_call(operation, params))
    assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    assert f"is not authorized to perform: {action} on resource: " in error["Error"]["Message"] or not action
    assert judge.refusals == [error["Error"]["Message"]]


def test_a_thread_calls_as_the_engineer_unless_it_runs_in_a_copy_of_the_handlers_context() -> None:
    with calling("run_address_job"), ThreadPoolExecutor(1) as pool:
        assert pool.submit(current).result() is None
        assert pool.submit(copy_context().run, current).result() == "run_address_job"


@pytest.mark.flows
def test_the_engineer_may_read_what_a_function_may_not(emulated_aws: EmulatedAws) -> None:
    name = emulated_aws.judge.names[table_id("signatures")]
    read = {**GET, "TableName": name}
    client = boto3.client("dynamodb")
    client.put_item(TableName=name, Item=GET["Key"])
    assert "Item" in client.get_item(**read)
    with calling("counts"):
        assert error_of(lambda: client.get_item(**read))["Error"]["Code"] == "AccessDeniedException"


@pytest.mark.flows
def test_a_link_is_signed_only_for_what_the_role_may_read(emulated_aws: EmulatedAws) -> None:
    def link(key: str) -> str:
        name = emulated_aws.judge.names["ExportsBucket"]
        return str(clients.s3().generate_presigned_url("get_object", Params={"Bucket": name, "Key": key}))

    with calling("manage"):
        assert "files/one" in link("files/one")
        assert error_of(lambda: link("secret"))["Error"]["Code"] == "AccessDenied"
