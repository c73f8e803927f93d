"""Find the questions that IAM must answer for a call: actions, resources, and condition keys from the request.

The rules are from AWS's documentation; docs/aws-facts.md lists them. Where AWS documents nothing, the judge takes the
stricter of the possible rules.
"""

from collections.abc import Callable, Mapping
from typing import Any

from stack.judge import dynamodb, services, storage
from stack.judge.model import Call, Question, UnknownCall, Where

_SERVICES: dict[str, Callable[[str, Mapping[str, Any], Where], list[Question]]] = {
    "dynamodb": dynamodb.questions,
    "sqs": services.of_queue,
    "sesv2": services.of_mail,
    "lambda": services.of_function,
    "s3": storage.questions,
}


def questions(call: Call, where: Where) -> list[Question]:
    """Return the questions of this call, which IAM must all allow. Raise UnknownCall for an unknown call."""
    if call.service not in _SERVICES:
        raise UnknownCall(f"{call.service}: the judge does not know this service")
    return _SERVICES[call.service](call.operation, call.params, where)
