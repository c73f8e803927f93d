"""Refuse calls that exceed a limit that AWS documents and the emulator does not check.

Only limits that our calls come near are checked here: `tests/judge/test_limits.py` has calls that exceed them. The
emulator itself checks many others (for example the sizes of items, keys and batches). Source: the API reference of each
operation, and "Naming Amazon S3 objects" (S3 user guide). AWS also refuses an upload with parts smaller than 5 MB; the
call that completes an upload does not have the sizes.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from botocore.session import get_session

from stack.judge.answers import Refused
from stack.judge.limits import mail, tables
from stack.judge.model import Call

_MAX_KEY_BYTES, _MAX_DELETED_OBJECTS = 1024, 1000
_MAX_SECONDS = {"DelaySeconds": 900, "VisibilityTimeout": 12 * 3600, "WaitTimeSeconds": 20}


@cache
def _queue_attributes() -> set[str]:
    shape: Any = get_session().get_service_model("sqs").shape_for("QueueAttributeName")
    return set(shape.enum)


def check(call: Call) -> None:
    if call.service in _CHECKS:
        _CHECKS[call.service](call.operation, call.params)


def _check_queue(operation: str, params: Mapping[str, Any]) -> None:
    for part in (params, *params.get("Entries", ())):
        for name, maximum in _MAX_SECONDS.items():
            if not 0 <= int(part.get(name, 0)) <= maximum:
                reason = f"Reason: Must be between 0 and {maximum}, if provided."
                raise Refused("InvalidParameterValue", f"Value {part[name]} for parameter {name} is invalid. {reason}")
    if operation == "GetQueueAttributes":
        unknown = set(params.get("AttributeNames", ())) - _queue_attributes()
        if unknown:
            raise Refused("InvalidAttributeName", f"Unknown Attribute {unknown.pop()}.")


def _check_file(operation: str, params: Mapping[str, Any]) -> None:
    if len(params.get("Key", "").encode()) > _MAX_KEY_BYTES:
        raise Refused("KeyTooLongError", "Your key is too long")
    if operation == "DeleteObjects" and not 1 <= len(params["Delete"]["Objects"]) <= _MAX_DELETED_OBJECTS:
        raise Refused("MalformedXML", "The XML you provided was not well-formed or did not validate")


_CHECKS: Mapping[str, Callable[[str, Mapping[str, Any]], None]] = {
    "dynamodb": tables.check,
    "s3": _check_file,
    "sesv2": mail.check,
    "sqs": _check_queue,
}
