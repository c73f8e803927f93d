"""botocore itself makes each request. A hook stops it before the socket, and the judge reads it back as a call."""

import io
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from boto3.s3.transfer import TransferConfig
from botocore import xform_name
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config

from stack.judge.model import Call
from stack.strict.wire import Credential, call_of, credential

KEY = {"pk": {"S": "PETITIONS"}, "sk": {"S": "ü/?#"}}
UUID = "12345678-1234-1234-1234-123456789012"
QUEUE = "http://127.0.0.1:1/000000000000/mail"
OBJECT = {"Bucket": "exports", "Key": "parts/a b+c/ü"}
MAIL = {
    "FromEmailAddress": "petitions@example.org",
    "Destination": {"ToAddresses": ["alice@example.org"]},
    "Content": {"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}},
    "ConfigurationSetName": "set",
}
UPLOAD = b"<Result><UploadId>u</UploadId></Result>"
WRITE = {"Put": {"TableName": "counts", "Item": KEY}}
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("dynamodb", "GetItem", {"TableName": "counts", "Key": KEY}),
    ("dynamodb", "Query", {"TableName": "counts", "KeyConditionExpression": "pk = :pk"}),
    ("dynamodb", "BatchGetItem", {"RequestItems": {"counts": {"Keys": [KEY]}}}),
    ("dynamodb", "TransactWriteItems", {"TransactItems": [WRITE], "ClientRequestToken": "t"}),
    ("sqs", "SendMessageBatch", {"QueueUrl": QUEUE, "Entries": [{"Id": "0", "MessageBody": "ü"}]}),
    ("sqs", "GetQueueAttributes", {"QueueUrl": QUEUE, "AttributeNames": ["All"]}),
    ("sesv2", "SendEmail", MAIL),
    ("sesv2", "GetAccount", {}),
    ("sesv2", "GetSuppressedDestination", {"EmailAddress": "a+b@mail.example"}),
    ("lambda", "GetEventSourceMapping", {"UUID": UUID}),
    ("lambda", "UpdateEventSourceMapping", {"UUID": UUID, "Enabled": False}),
    ("lambda", "ListEventSourceMappings", {}),
    ("s3", "GetObject", OBJECT),
    ("s3", "HeadObject", OBJECT),
    ("s3", "PutObject", OBJECT),
    ("s3", "DeleteObject", OBJECT),
    ("s3", "CreateMultipartUpload", OBJECT),
    ("s3", "DeleteObjects", {"Bucket": "exports", "Delete": {"Objects": [{"Key": "a&b"}, {"Key": "c"}]}}),
    ("s3", "ListObjectsV2", {"Bucket": "exports", "Prefix": "parts/a b/"}),
]


class Wire:
    """Its clients send nothing: each request is kept in `requests` and gets the answer 200 with `body`."""

    def __init__(self) -> None:
        self.requests: list[AWSPreparedRequest] = []
        self.body = b""

    def client(self, service: str) -> Any:
        client: Any = boto3.client(  # type: ignore[call-overload]
            service,
            region_name="eu-west-2",
            endpoint_url="http://127.0.0.1:1",
            aws_access_key_id="AKIA",
            aws_secret_access_key="x",
            config=Config(s3={"addressing_style": "path"}),
        )
        client.meta.events.register("before-send", self._stop)
        return client

    def calls(self) -> list[Call | None]:
        return [read(request) for request in self.requests]

    def _stop(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        self.requests.append(request)
        raw: Any = io.BytesIO(self.body)
        raw.stream = lambda: iter([self.body])
        headers = HTTPHeaders.from_dict({"ETag": '"e"', "Content-Length": str(len(self.body))})
        return AWSResponse(request.url, 200, headers, raw)


def read(request: AWSPreparedRequest) -> Call | None:
    url = urlsplit(request.url)
    return call_of(request.method, url.path, url.query, headers_of(request), bytes_of(request.body))


def headers_of(request: AWSPreparedRequest) -> dict[str, str]:
    return {name: text_of(value) for name, value in request.headers.items()}


def text_of(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode()


def bytes_of(body: object) -> bytes:
    """Return the body as bytes; b"" for a file, because the judge does not read uploaded files."""
    if isinstance(body, str):
        return body.encode()
    return body if isinstance(body, bytes) else b""


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.mark.parametrize(("service", "operation", "params"), CALLS, ids=[each[1] for each in CALLS])
def test_a_request_is_read_back_as_its_call(
    wire: Wire, service: str, operation: str, params: Mapping[str, Any]
) -> None:
    client = wire.client(service)
    wire.body = UPLOAD if service == "s3" else b"{}"
    method_name = xform_name(operation)
    getattr(client, method_name)(**params)
    assert wire.calls() == [Call(service, operation, params)]
    signed = credential(headers_of(wire.requests[0]), "")
    signing_name = "ses" if service == "sesv2" else service
    assert signed == Credential("AKIA", signing_name)


def test_every_request_of_a_multipart_upload_is_read(wire: Wire) -> None:
    wire.body = UPLOAD
    config = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20, use_threads=False)
    wire.client("s3").upload_fileobj(io.BytesIO(b"." * (6 << 20)), "exports", "files/a", Config=config)
    operations = [call.operation for call in wire.calls() if call]
    assert operations == ["CreateMultipartUpload", "UploadPart", "UploadPart", "CompleteMultipartUpload"]
    wire.client("s3").abort_multipart_upload(Bucket="exports", Key="files/a", UploadId="u")
    assert wire.calls()[-1] == Call("s3", "AbortMultipartUpload", {"Bucket": "exports", "Key": "files/a"})


def test_a_presigned_link_is_the_call_of_its_signer(wire: Wire) -> None:
    link = wire.client("s3").generate_presigned_url("get_object", Params=OBJECT, ExpiresIn=60)
    url = urlsplit(link)
    assert call_of("GET", url.path, url.query, {}, b"") == Call("s3", "GetObject", OBJECT)
    assert credential({}, url.query) == Credential("AKIA", "s3")


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/exports/files/a", ""),
        ("POST", "/v2/email/templates", "ses"),
        ("DELETE", "/2015-03-31/event-source-mappings/a", "lambda"),
        ("POST", "/2015-03-31/functions/a/invocations", "lambda"),
        ("DELETE", "/exports", "s3"),
        ("GET", "/", "s3"),
        ("POST", "/", "sts"),
    ],
)
def test_a_request_that_the_judge_cannot_read_is_not_a_call(method: str, path: str, scope: str) -> None:
    signature = f"AWS4-HMAC-SHA256 Credential=AKIA/20261125/eu-west-2/{scope}/aws4_request, SignedHeaders=host"
    headers = {"Authorization": signature} if scope else {}
    assert call_of(method, path, "", headers, b"{}") is None


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("copy_object", {"CopySource": "exports/a"}),
        ("put_object_acl", {"ACL": "public-read"}),
        ("put_object", {"ACL": "public-read"}),
        ("put_object", {"Tagging": "a=b"}),
        ("get_object", {"VersionId": "v"}),
        ("get_object_tagging", {}),
    ],
)
def test_s3_calls_that_ask_for_another_action_are_not_read(
    wire: Wire, operation: str, params: Mapping[str, Any]
) -> None:
    wire.body = b"<CopyObjectResult/>" if operation == "copy_object" else b""
    getattr(wire.client("s3"), operation)(**OBJECT, **params)
    assert wire.calls() == [None]
