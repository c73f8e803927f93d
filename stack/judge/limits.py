"""Refuse calls that exceed a limit that AWS documents and the emulator does not check.

Only limits that our calls come near are checked here: `tests/judge/test_limits.py` has calls that exceed them. The
emulator itself checks many others (for example the sizes of items, keys and batches). Source: the API reference of each
operation; "Constraints in Amazon DynamoDB" and the expression pages of its developer guide; "Amazon SES header fields"
and "Service quotas in Amazon SES"; "Naming Amazon S3 objects". AWS also refuses an upload with parts smaller than 5 MB;
the call that completes an upload does not have the sizes.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from email.utils import parseaddr
from functools import cache
from itertools import chain
from typing import Any

from botocore.session import get_session

from stack.judge.answers import Refused
from stack.judge.dynamodb import KEYS, attributes_named, expressions
from stack.judge.model import Call

Params = Mapping[str, Any]
_SET_TYPES = {"SS", "NS", "BS"}
_MAX_IN_OPERANDS = 100
_MAX_OPERATORS = 300
_OPERATOR = re.compile(r"<>|<=|>=|[=<>+-]|\b(?:AND|OR|NOT|IN|BETWEEN)\b|\b[a-z_]+\(", re.IGNORECASE)
_IN = re.compile(r"\bIN\s*\(([^)]*)\)", re.IGNORECASE)
_NAME = re.compile(r"#\w+")
_MAX_RECIPIENTS = 50
_MAX_HEADERS = 15
_HEADER_VALUE = re.compile(r"[ -~]{1,870}")
_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")
_ADDRESS = re.compile(r"[!-~]+@[A-Za-z0-9.-]+")
_MAX_KEY_BYTES, _MAX_DELETED_OBJECTS = 1024, 1000
_MAX_SECONDS = {"DelaySeconds": 900, "VisibilityTimeout": 12 * 3600, "WaitTimeSeconds": 20}


@cache
def _queue_attributes() -> set[str]:
    shape: Any = get_session().get_service_model("sqs").shape_for("QueueAttributeName")
    return set(shape.enum)


def check(call: Call) -> None:
    if call.service in _CHECKS:
        _CHECKS[call.service](call.operation, call.params)


def _check_queue(operation: str, params: Params) -> None:
    for part in (params, *params.get("Entries", ())):
        for name, maximum in _MAX_SECONDS.items():
            if not 0 <= int(part.get(name, 0)) <= maximum:
                reason = f"Reason: Must be between 0 and {maximum}, if provided."
                raise Refused("InvalidParameterValue", f"Value {part[name]} for parameter {name} is invalid. {reason}")
    if operation == "GetQueueAttributes":
        unknown = set(params.get("AttributeNames", ())) - _queue_attributes()
        if unknown:
            raise Refused("InvalidAttributeName", f"Unknown Attribute {unknown.pop()}.")


def _check_file(operation: str, params: Params) -> None:
    if len(params.get("Key", "").encode()) > _MAX_KEY_BYTES:
        raise Refused("KeyTooLongError", "Your key is too long")
    if operation == "DeleteObjects" and not 1 <= len(params["Delete"]["Objects"]) <= _MAX_DELETED_OBJECTS:
        raise Refused("MalformedXML", "The XML you provided was not well-formed or did not validate")


def _check_table(operation: str, params: Params) -> None:
    for request in _requests(operation, params):
        _check_names(request)
        _check_operators(request)
        _check_sets(request)
    if operation == "Query":
        if KEYS & attributes_named({**params, "KeyConditionExpression": "", "ProjectionExpression": ""}):
            raise _validation_error("Filter Expression can only contain non-primary key attributes")
        if {*params.get("ExclusiveStartKey", KEYS)} != KEYS:
            raise _validation_error("The provided starting key is invalid")


def _validation_error(message: str) -> Refused:
    return Refused("ValidationException", message)


def _requests(operation: str, params: Params) -> Iterator[Params]:
    """Yield the parts of a call that can have expressions; for most operations, the call itself."""
    if operation == "TransactWriteItems":
        for item in params["TransactItems"]:
            yield from item.values()
    elif operation == "BatchGetItem":
        yield from params["RequestItems"].values()
    else:
        yield params


def _check_names(request: Params) -> None:
    """Also refuse an update that changes a path twice. In our updates, each placeholder of a name stands for a path."""
    names = request.get("ExpressionAttributeNames", {"": ""})
    if not names:
        raise _validation_error("ExpressionAttributeNames must not be empty")
    unused = {*names} - {"", *_NAME.findall(" ".join(expressions(request).values()))}
    if unused:
        raise _validation_error(f"Value provided in ExpressionAttributeNames unused in expressions: keys: {unused}")
    changed = [names.get(each, each) for each in _NAME.findall(request.get("UpdateExpression", ""))]
    if len({*changed}) < len(changed):
        overlap = "Two document paths overlap with each other; must remove or rewrite one of these paths"
        raise _validation_error(f"Invalid UpdateExpression: {overlap}; paths: {changed}")


def _check_operators(request: Params) -> None:
    for name, text in expressions(request).items():
        if len(_OPERATOR.findall(text)) > _MAX_OPERATORS:
            raise _validation_error(
                f"Invalid {name}: The expression contains too many operators; limit: {_MAX_OPERATORS}"
            )
        if any(operands.count(",") >= _MAX_IN_OPERANDS for operands in _IN.findall(text)):
            raise _validation_error(f"Invalid {name}: The IN operator takes {_MAX_IN_OPERANDS} operands at most")


def _check_sets(request: Params) -> None:
    """Refuse empty sets, and sets with an empty string. Sets within a map or a list are not checked."""
    for value in (*request.get("Item", {}).values(), *request.get("ExpressionAttributeValues", {}).values()):
        for kind in _SET_TYPES & set(value):  # A value is a dict from its type, for example {"SS": ["a", "b"]}.
            if not value[kind]:
                raise _validation_error("One or more parameter values were invalid: An string set  may not be empty")
            if "" in value[kind]:
                raise _validation_error("An string set may not have a empty string as a member")


def _check_mail(operation: str, params: Params) -> None:
    if operation != "SendEmail":
        return
    addresses = [parseaddr(each)[1] for each in chain(*params["Destination"].values())]
    tags = [text for tag in params.get("EmailTags", ()) for text in tag.values()]
    message = params["Content"]["Simple"]
    headers = [(header["Name"].lower(), header["Value"]) for header in message.get("Headers", ())]
    defects = {
        f"Recipient count must be from 1 to {_MAX_RECIPIENTS}.": not 1 <= len(addresses) <= _MAX_RECIPIENTS,
        "Illegal address, or one with non-ASCII characters.": not all(map(_ADDRESS.fullmatch, addresses)),
        "Invalid message tag.": not all(map(_TAG.fullmatch, tags)),
        "Subject must not contain a line break.": bool({"\n", "\r"} & {*message["Subject"]["Data"]}),
        "Too many headers, or a header twice.": len(headers) > min(_MAX_HEADERS, len(dict(headers))),
        "Invalid header.": not all(_HEADER_VALUE.fullmatch(value) for _, value in headers),
    }
    for text, is_found in defects.items():
        if is_found:
            raise Refused("BadRequestException", text)


_CHECKS: Mapping[str, Callable[[str, Params], None]] = {
    "dynamodb": _check_table,
    "s3": _check_file,
    "sesv2": _check_mail,
    "sqs": _check_queue,
}
