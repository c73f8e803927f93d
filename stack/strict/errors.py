"""An error as each service sends it: the SDK must find code, status and members where AWS puts them."""

import json
from typing import Any
from xml.sax.saxutils import escape

from stack.strict.http import HttpResponse

_JSON = {
    "dynamodb": ("application/x-amz-json-1.0", "com.amazonaws.dynamodb.v20120810#"),
    "sqs": ("application/x-amz-json-1.0", "com.amazonaws.sqs#"),
}
# SQS's older clients know this error by another name, and SDKs show that name.
_QUERY_CODES = {"KmsThrottled": "KMS.ThrottlingException"}


def error(service: str, code: str, message: str, status: int = 400, **members: Any) -> HttpResponse:
    """Return the error as the service sends it. `members`: its further members, e.g. CancellationReasons."""
    if service == "s3":
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        return HttpResponse(status, body.encode(), {"content-type": "application/xml"})
    if service in _JSON:
        content_type, prefix = _JSON[service]
        body = json.dumps({"__type": prefix + code, "message": message, **members})
        headers = {"content-type": content_type}
        if service == "sqs":
            headers["x-amzn-query-error"] = f"{_QUERY_CODES.get(code, code)};Sender"
        return HttpResponse(status, body.encode(), headers)
    body = json.dumps({"message": message, **members})
    return HttpResponse(status, body.encode(), {"content-type": "application/json", "x-amzn-errortype": code})
