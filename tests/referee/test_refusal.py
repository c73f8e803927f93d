"""After a refusal, botocore raises the error that it raises for AWS."""

import io
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError

from stack.referee.model import Call, Question
from stack.referee.refusal import response

ROLE = "arn:aws:sts::123456789012:assumed-role/role/session"
CALLS: list[tuple[Call, str, int, str]] = [
    (Call("dynamodb", "GetItem", {"TableName": "t", "Key": {}}), "dynamodb:GetItem", 400, "AccessDeniedException"),
    (Call("sqs", "ReceiveMessage", {"QueueUrl": "http://127.0.0.1:1/1/q"}), "sqs:ReceiveMessage", 403, "AccessDenied"),
    (Call("s3", "GetObject", {"Bucket": "b", "Key": "<k>"}), "s3:GetObject", 403, "AccessDenied"),
    (Call("sesv2", "SendEmail", {"Content": {}}), "ses:SendEmail", 403, "AccessDeniedException"),
    (
        Call("lambda", "GetEventSourceMapping", {"UUID": "12345678-1234-1234-1234-123456789012"}),
        "lambda:GetEventSourceMapping",
        403,
        "AccessDeniedException",
    ),
]


def error_of(call: Call, refused: Question) -> ClientError:
    """Return the error that botocore raises for the refusal on the wire."""

    def refuse(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        status, headers, body = response(call, refused, ROLE)
        raw: Any = io.BytesIO(body)
        raw.stream = lambda: iter([body])
        return AWSResponse(request.url, status, HTTPHeaders.from_dict(headers), raw)

    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    client: Any = boto3.client(call.service, region_name="eu-west-2", endpoint_url="http://127.0.0.1:1", **keys)  # type: ignore[call-overload]
    client.meta.events.register("before-send", refuse)
    with pytest.raises(ClientError) as caught:
        client._make_api_call(call.operation, call.params)
    return caught.value


@pytest.mark.parametrize(("call", "action", "status", "code"), CALLS, ids=[each[0].service for each in CALLS])
def test_a_refusal_has_the_code_status_and_message_of_aws(call: Call, action: str, status: int, code: str) -> None:
    error = error_of(call, Question(action, "arn:aws:x:::<r>", {})).response
    assert error["Error"]["Code"] == code
    assert error["ResponseMetadata"]["HTTPStatusCode"] == status
    assert error["Error"]["Message"] == (
        f"User: {ROLE} is not authorized to perform: {action} on resource: arn:aws:x:::<r>"
        f" because no identity-based policy allows the {action} action"
    )
