"""Install a judge for every client of this process, on the events that botocore documents for its extensions.

Clients take over the handlers of their session when they are built. So `install` makes a session of its own boto3's
default session: the clients that `boto3.client` builds afterwards are judged. A client of another session is not.
"""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from threading import local
from typing import Any

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session
from botocore.session import Session

from stack.judge import caller
from stack.judge.answers import AwsAnswer, Refused
from stack.judge.faults import Part
from stack.judge.judge import Judge
from stack.judge.model import Call

_KEY = "judged"  # In the context that botocore keeps for a call.
_installed: list[Judge] = []
# The call whose request this thread sends: `before-send` gets only the request. Nothing sends a request within another.
_sending = local()
# For faults after the write: the judge sends such a request itself, and throws the answer away.
_http = URLLib3Session()


@dataclass(frozen=True)
class _Judged:
    """A call that a function makes. `part`: what is carried out of it; None for the whole call."""

    function: str
    call: Call
    part: Part | None


class _Body(io.BytesIO):
    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()


def install(judge: Judge) -> None:
    """Let this judge judge the calls of all clients that `boto3.client` has built since the first `install`."""
    if not _installed:
        session: Any = Session()  # Its stubs know no handlers with named arguments.
        session.register("before-parameter-build", _begin)
        session.register("request-created", _remember)
        session.register("before-send", _judge_request)
        session.register("after-call", _add_rest)
        boto3.setup_default_session(botocore_session=session)
    _installed[:] = [judge]


def uninstall() -> None:
    """Judge no more calls. boto3's next client gets a new default session."""
    _installed.clear()
    boto3.DEFAULT_SESSION = None


def _begin(params: dict[str, Any], model: Any, context: dict[str, Any], **_: object) -> None:
    """Note the call and its parameters, before botocore makes a request of them. Each attempt is judged later.

    A signed link has no attempt: AWS judges it by the role that signed it. So judge it here. Not so the form of an
    upload, for which botocore takes the request of CreateBucket: which object it is for stands in the form's fields.
    """
    function, judge = caller.current(), next(iter(_installed), None)
    if judge is None or function is None:
        return
    call = Call(model.service_model.service_name, model.name, dict(params))
    if context.get("is_presign_request"):
        if call.operation != "CreateBucket":
            _judge_link(judge, function, call)
        return
    part = judge.faults.part_of(call)
    if part:
        params.update(part.params)
    context[_KEY] = _Judged(function, call, part)


def _judge_link(judge: Judge, function: str, call: Call) -> None:
    try:
        judge.check(function, call)
    except Refused as refused:
        raise ClientError({"Error": {"Code": refused.code, "Message": refused.message}}, call.operation) from refused


def _remember(request: AWSRequest, **_: object) -> None:
    """Remember the call that this thread sends next. botocore creates a request for each attempt of a call."""
    _sending.judged = request.context.get(_KEY)


def _judge_request(request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
    """None lets botocore send the attempt."""
    judged: _Judged | None = _sending.judged
    judge = next(iter(_installed), None)
    if judge is None or judged is None:
        return None
    try:
        judge.check(judged.function, judged.call)
        _fail(judge, judged.call, request)
    except Refused as refused:
        return _response(request, refused.answer(judged.call.service))
    if judged.part and judged.part.params.get("Entries") == []:  # All entries of a batch failed: there is no call.
        return _response(request, AwsAnswer(200, {"content-type": "application/x-amz-json-1.0"}, b'{"Successful": []}'))
    return None


def _fail(judge: Judge, call: Call, request: AWSPreparedRequest) -> None:
    found = judge.faults.error(call)
    if found:
        error, is_late = found
        if is_late:
            _http.send(request)
        raise error
    if call.operation == "SendEmail" and judge.faults.mail:
        judge.faults.mail.check()


def _add_rest(parsed: dict[str, Any], context: Mapping[str, Any], **_: object) -> None:
    judged: _Judged | None = context.get(_KEY)
    if judged and judged.part and "Error" not in parsed:
        parsed.update(judged.part.added)


def _response(request: AWSPreparedRequest, answer: AwsAnswer) -> AWSResponse:
    return AWSResponse(request.url, answer.status, HTTPHeaders.from_dict(dict(answer.headers)), _Body(answer.body))
