"""Find out which AWS call an HTTP request of botocore makes.

DynamoDB and SQS use JSON, with the operation in the header X-Amz-Target. SES v2 and Lambda use REST with JSON. S3 uses
REST with XML, and paths that begin with the bucket, as botocore sends them to an emulator. SQS's older query protocol
is not read, because botocore 1.43 no longer uses it.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote
from xml.etree import ElementTree

from stack.judge.model import Call

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d{8}/[^/]+/([^/]+)/aws4_request")
_TARGETS = {"DynamoDB_20120810": "dynamodb", "DynamoDBStreams_20120810": "dynamodbstreams", "AmazonSQS": "sqs"}
# The query parameters and headers of S3 that the judge knows, in lower case. A call with an unknown one is refused,
# because it can change the call's action. Examples are `acl`, `versionid` and `x-amz-copy-source`. Every header without
# the prefix `x-amz-` is known.
_KNOWN_QUERY = re.compile(
    r"response-[a-z-]+|uploads|uploadid|partnumber|list-type|prefix|delimiter|max-keys|encoding-type|continuation-token"
    r"|start-after|delete|x-id|x-amz-(algorithm|credential|date|expires|signedheaders|signature|security-token|checksum-mode)"
)
_KNOWN_HEADERS = re.compile(
    r"(?!x-amz-).*|x-amz-(content-sha256|date|security-token|decoded-content-length|trailer|user-agent|sdk-.*|checksum-.*)"
)
_MAPPINGS = "/2015-03-31/event-source-mappings"
_SUPPRESSED = "/v2/email/suppression/addresses/"
# By method, and by whether the path names one mapping.
_MAPPING_OPERATIONS = {
    ("GET", False): "ListEventSourceMappings",
    ("GET", True): "GetEventSourceMapping",
    ("PUT", True): "UpdateEventSourceMapping",
}
# By method, and by the query parameter of a multipart upload ("": none).
_OBJECT_OPERATIONS = {
    ("GET", ""): "GetObject",
    ("HEAD", ""): "HeadObject",
    ("PUT", ""): "PutObject",
    ("DELETE", ""): "DeleteObject",
    ("POST", "uploads"): "CreateMultipartUpload",
    ("PUT", "uploadId"): "UploadPart",
    ("POST", "uploadId"): "CompleteMultipartUpload",
    ("DELETE", "uploadId"): "AbortMultipartUpload",
}
# botocore's names of the query parameters of a listing.
_LISTING_NAMES = {"prefix": "Prefix", "delimiter": "Delimiter", "max-keys": "MaxKeys"}


class Credential(NamedTuple):
    """Who signed a request, and for which service. Only AWS signatures of version 4 (SigV4) are read."""

    access_key: str
    service: str


def credential(headers: Mapping[str, str], query: str) -> Credential | None:
    """Return the credential in the Authorization header or in a presigned link; None if there is none."""
    authorization = _with_lower_names(headers).get("authorization")
    if not authorization:
        [in_link, *_] = parse_qs(query).get("X-Amz-Credential", [""])
        authorization = f"Credential={in_link}"
    found = _CREDENTIAL.search(authorization)
    if found is None:
        return None
    access_key, service = found.groups()
    return Credential(access_key, service)


def call_of(method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Call | None:
    """Return the call that a request makes; None if the request or a part of it is unknown.

    `path`: the path as sent, with its percent escapes.
    """
    signed = credential(headers, query)
    lower_headers = _with_lower_names(headers)
    target, _, operation = lower_headers.get("x-amz-target", "").rpartition(".")
    if target in _TARGETS:
        params = json.loads(body or b"{}")
        return Call(_TARGETS[target], operation, params)
    if signed is None:  # Only the signature of the other requests names their service.
        return None
    if signed.service == "ses" and (method, path) == ("POST", "/v2/email/outbound-emails"):
        return Call("sesv2", "SendEmail", json.loads(body))
    if signed.service == "ses" and (method, path) == ("GET", "/v2/email/account"):
        return Call("sesv2", "GetAccount", {})
    if signed.service == "ses" and method == "GET" and path.startswith(_SUPPRESSED):
        return Call("sesv2", "GetSuppressedDestination", {"EmailAddress": unquote(path.removeprefix(_SUPPRESSED))})
    if signed.service == "lambda" and path.startswith(_MAPPINGS):
        uuid = unquote(path.removeprefix(_MAPPINGS)).strip("/")
        return _lambda_call(method, uuid, body)
    # An unknown header can change the action of a call of S3.
    has_known_headers = all(_KNOWN_HEADERS.fullmatch(name) for name in lower_headers)
    if signed.service == "s3" and has_known_headers:
        return _s3_call(method, path, query, body)
    return None


def _with_lower_names(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _lambda_call(method: str, uuid: str, body: bytes) -> Call | None:
    """Return the call of Lambda about event source mappings; None if the operation is unknown."""
    names_one_mapping = bool(uuid)
    operation = _MAPPING_OPERATIONS.get((method, names_one_mapping))
    if operation is None:
        return None
    params = json.loads(body or b"{}")
    if names_one_mapping:
        params["UUID"] = uuid
    return Call("lambda", operation, params)


def _s3_call(method: str, path: str, query: str, body: bytes) -> Call | None:
    """Return the call of S3; None if the operation or a query parameter is unknown."""
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    value_lists = parse_qs(query, keep_blank_values=True)
    query_params = {name: values[0] for name, values in value_lists.items()}
    has_known_query = all(_KNOWN_QUERY.fullmatch(name.lower()) for name in query_params)
    if not bucket or not has_known_query:
        return None
    operation = _object_operation(method, query_params) if key else _bucket_operation(method, query_params)
    if operation is None:
        return None
    params: dict[str, Any] = {"Bucket": bucket}
    if key:
        params["Key"] = key
    if operation == "ListObjectsV2":
        params |= _listing_params(query_params)
    if operation == "DeleteObjects":
        params["Delete"] = {"Objects": [{"Key": each} for each in _deleted_keys(body)]}
    return Call("s3", operation, params)


def _listing_params(query_params: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters of a listing, as botocore names them."""
    found = {}
    for name, botocore_name in _LISTING_NAMES.items():
        if name in query_params:
            found[botocore_name] = query_params[name]
    return found


def _object_operation(method: str, query_params: Mapping[str, str]) -> str | None:
    """Return the operation of a request whose path names an object; None if it is unknown."""
    upload_parameter = ""
    if "uploadId" in query_params:
        upload_parameter = "uploadId"
    elif "uploads" in query_params:
        upload_parameter = "uploads"
    return _OBJECT_OPERATIONS.get((method, upload_parameter))


def _bucket_operation(method: str, query_params: Mapping[str, str]) -> str | None:
    """Return the operation of a request whose path names only a bucket; None if it is unknown."""
    if method == "GET" and query_params.get("list-type") == "2":
        return "ListObjectsV2"
    if method == "POST" and "delete" in query_params:
        return "DeleteObjects"
    return None


def _deleted_keys(body: bytes) -> list[str]:
    """Return the keys of the objects that a DeleteObjects request names."""
    keys = []
    for element in ElementTree.fromstring(body).iter():
        _, _, name = element.tag.rpartition("}")  # Without the XML namespace, which stands in braces.
        if name == "Key":
            keys.append(element.text or "")
    return keys
