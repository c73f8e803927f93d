"""The errors of AWS, as each service writes them into its HTTP answer: the SDK must find everything in its place."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from stack.judge.model import Question

_AMZ_JSON = "application/x-amz-json-1.0"
_PREFIXES = {"dynamodb": "com.amazonaws.dynamodb.v20120810#", "sqs": "com.amazonaws.sqs#"}
# By the error's code: its code in SQS's older protocol, if the two codes differ. SDKs show the older code.
_OLD_SQS_CODES = {"AccessDeniedException": "AccessDenied", "KmsThrottled": "KMS.ThrottlingException"}


class AwsAnswer(NamedTuple):
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Refused(Exception):
    """AWS answers the call with this error. `members`: other JSON fields of the error, such as CancellationReasons."""

    def __init__(self, code: str, message: str, status: int = 400, **members: Any) -> None:
        super().__init__(message)
        self.code, self.message, self.status, self.members = code, message, status, members

    def answer(self, service: str) -> AwsAnswer:
        if service == "s3":
            body = (
                f"<?xml version='1.0'?><Error><Code>{self.code}</Code><Message>{escape(self.message)}</Message></Error>"
            )
            return AwsAnswer(self.status, {"content-type": "application/xml"}, body.encode())
        document = {"message": self.message, **self.members}
        if service not in _PREFIXES:
            headers = {"content-type": "application/json", "x-amzn-errortype": self.code}
            return AwsAnswer(self.status, headers, json.dumps(document).encode())
        headers = {"content-type": _AMZ_JSON}
        if service == "sqs":
            headers["x-amzn-query-error"] = f"{_OLD_SQS_CODES.get(self.code, self.code)};Sender"
        return AwsAnswer(
            self.status, headers, json.dumps({"__type": _PREFIXES[service] + self.code, **document}).encode()
        )


def not_allowed(service: str, question: Question, principal: str) -> Refused:
    message = (
        f"User: {principal} is not authorized to perform: {question.action} on resource: {question.resource}"
        f" because no identity-based policy allows the {question.action} action"
    )
    code = "AccessDenied" if service == "s3" else "AccessDeniedException"
    # Code that looks only for 403 does not notice a refusal of DynamoDB.
    return Refused(code, message, 400 if service == "dynamodb" else 403)
