"""Build an error response as each AWS service sends it.

The AWS SDK must find the error's code, status and members (further JSON fields) where AWS puts them.
"""

import json
from typing import Any
from xml.sax.saxutils import escape

from stack.strict.http import HttpResponse

_JSON_SERVICES = {
    "dynamodb": ("application/x-amz-json-1.0", "com.amazonaws.dynamodb.v20120810#"),
    "sqs": ("application/x-amz-json-1.0", "com.amazonaws.sqs#"),
}
# By the error's code: the code of SQS's older protocol, if it is another. SDKs show the older code.
_OLD_SQS_CODES = {"KmsThrottled": "KMS.ThrottlingException"}


def error(service: str, code: str, message: str, status: int = 400, **members: Any) -> HttpResponse:
    """Return the error as the service sends it. `members`: its further JSON fields, e.g. CancellationReasons."""
    if service == "s3":
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        return HttpResponse(status, body.encode(), {"content-type": "application/xml"})
    if service in _JSON_SERVICES:
        content_type, prefix = _JSON_SERVICES[service]
        body = json.dumps({"__type": prefix + code, "message": message, **members})
        headers = {"content-type": content_type}
        if service == "sqs":
            headers["x-amzn-query-error"] = f"{_OLD_SQS_CODES.get(code, code)};Sender"
        return HttpResponse(status, body.encode(), headers)
    body = json.dumps({"message": message, **members})
    return HttpResponse(status, body.encode(), {"content-type": "application/json", "x-amzn-errortype": code})
