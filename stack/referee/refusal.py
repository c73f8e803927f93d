"""Build the error that AWS sends for a call that the role does not allow. Each service has its own format."""

import json
from collections.abc import Mapping
from typing import NamedTuple
from uuid import uuid4
from xml.sax.saxutils import escape

from stack.referee.model import Call, Question

_AMZ_JSON = "application/x-amz-json-1.0"
# The other services refuse with 403. Code that looks only for 403 does not notice a refusal of DynamoDB.
_STATUSES = {"dynamodb": 400}


class Response(NamedTuple):
    """An HTTP response."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def message(refused: Question, principal: str) -> str:
    """Return AWS's error message: which principal may not do which action on which resource."""
    return (
        f"User: {principal} is not authorized to perform: {refused.action} on resource: {refused.resource}"
        f" because no identity-based policy allows the {refused.action} action"
    )


def response(call: Call, refused: Question, principal: str) -> Response:
    """Return the HTTP response with which the call's service refuses the call."""
    text = message(refused, principal)
    request_id = str(uuid4())
    status = _STATUSES.get(call.service, 403)
    if call.service == "s3":
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code>'
            f"<Message>{escape(text)}</Message><RequestId>{request_id}</RequestId></Error>"
        )
        return Response(status, {"Content-Type": "application/xml", "x-amz-request-id": request_id}, body.encode())
    if call.service in ("dynamodb", "sqs"):
        headers = {"Content-Type": _AMZ_JSON, "x-amzn-RequestId": request_id}
        if call.service == "sqs":
            # botocore reads the error's code from this header, if there is one.
            headers["x-amzn-query-error"] = "AccessDenied;Sender"
        document = {"__type": "com.amazon.coral.service#AccessDeniedException", "Message": text}
        return Response(status, headers, json.dumps(document).encode())
    headers = {"Content-Type": "application/json", "x-amzn-RequestId": request_id}
    headers["x-amzn-ErrorType"] = "AccessDeniedException"
    # Services spell this key in both ways. The SDK reads either.
    return Response(status, headers, json.dumps({"Message": text, "message": text}).encode())
