"""Build the error response of an AWS service. Each service has its own format.

The AWS SDK must find the code, the status and the members of the error where AWS puts them. A member is another JSON
field of the error.
"""

import json
from typing import Any
from xml.sax.saxutils import escape

from stack.strict.http import HttpResponse

_JSON_SERVICES = {
    "dynamodb": ("application/x-amz-json-1.0", "com.amazonaws.dynamodb.v20120810#"),
    "sqs": ("application/x-amz-json-1.0", "com.amazonaws.sqs#"),
}
# By the error's code: its code in SQS's older protocol, if the two codes differ. SDKs show the older code.
_OLD_SQS_CODES = {"KmsThrottled": "KMS.ThrottlingException"}


def error(service: str, code: str, message: str, status: int = 400, **members: Any) -> HttpResponse:
    """Return the error as the service sends it. `members`: other JSON fields of the error, e.g. CancellationReasons."""
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
