"""The gate in front of the emulator: it checks every AWS call of a function before the emulator carries the call out.

The gate refuses what the function's policies or AWS's limits forbid, and injects faults (see `faults`).
At `/_petitions/faults`, PUT sets the rates of the faults. GET and PUT return the rates, and how often each fault
happened.
"""

import json
import re
from typing import Any

from stack.judge import limits
from stack.judge.answers import Refused
from stack.judge.model import Call
from stack.strict.callers import Caller, UnknownSession, caller_of, names_access_key
from stack.strict.errors import error
from stack.strict.faults import GateFaults, Perform
from stack.strict.http import App, HttpResponse, Receive, Scope, Send, call_app, headers_of, read_body, replayed
from stack.strict.judge import GateJudge, http_response
from stack.strict.partial import Params
from stack.strict.wire import call_of

CONTROL_PATH = "/_petitions/faults"
_BAD_TOKEN = error("dynamodb", "UnrecognizedClientException", "The security token included in the request is invalid.")
_ACCESS_DENIED = error("s3", "AccessDenied", "Access Denied", 403)
# A path of S3, `/bucket/key`. The paths of the emulator itself begin with an underscore. No bucket's name does.
_OBJECT_PATH = re.compile("/[a-z0-9][a-z0-9.-]+/.+")


class Gate:
    """An ASGI application that wraps the emulator."""

    def __init__(self, emulator: App, judge: GateJudge, faults: GateFaults) -> None:
        self._emulator, self._judge, self._faults = emulator, judge, faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._emulator(scope, receive, send)
        if scope["path"] == CONTROL_PATH:
            response = await self._control(scope, receive)
            return await response.send(send)
        try:
            caller = caller_of(headers_of(scope), scope.get("query_string", b""))
        except UnknownSession:
            return await _BAD_TOKEN.send(send)
        if caller is None and _is_unsigned_object_request(scope):
            return await _ACCESS_DENIED.send(send)
        if caller is None:  # Not a function: for example, the deployer, or a browser that opens a page of the site.
            return await self._emulator(scope, receive, send)
        return await self._check(caller, scope, receive, send)

    async def _check(self, caller: Caller, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the call, answer it with a fault, or pass it on to the emulator."""
        body = await read_body(receive)
        if body is None:  # The function disconnected while it sent the request.
            return
        call = _api_call(scope, body)
        answer = self._judge.refusal(caller, call)
        if call and not answer:
            answer = _over_a_limit(call)
        if call and not answer:
            perform = self._performer(scope, body, receive)
            answer = await self._faults.answer(call, perform)
        if answer:
            await answer.send(send)
        else:
            await self._emulator(scope, replayed(body, receive), send)

    def _performer(self, scope: Scope, body: bytes, receive: Receive) -> Perform:
        """Return a function that lets the emulator carry out the call, with other parameters or with its own body."""

        async def perform(params: Params | None) -> HttpResponse:
            content = json.dumps(params).encode() if params else body
            return await call_app(self._emulator, scope, content, receive)

        return perform

    async def _control(self, scope: Scope, receive: Receive) -> HttpResponse:
        """On PUT, set the rates of the faults, or return 400. Return the rates; in "met", the count of each fault."""
        try:
            if scope["method"] == "PUT":
                body = await read_body(receive)
                self._faults.set(json.loads(body or b"{}"))
        except ValueError as invalid:
            return _json(400, {"error": str(invalid)})
        return _json(200, {"rates": self._faults.rates, "met": self._faults.counts})


def _is_unsigned_object_request(scope: Scope) -> bool:
    """Return whether this is an unsigned request for an S3 object. OPTIONS is allowed: browsers never sign it."""
    if scope["method"] == "OPTIONS" or not _OBJECT_PATH.fullmatch(scope["path"]):
        return False
    return not names_access_key(headers_of(scope), scope.get("query_string", b""))


def _api_call(scope: Scope, body: bytes) -> Call | None:
    """Return the AWS call that the request makes; None if `wire` does not know it."""
    path = scope.get("raw_path") or scope["path"].encode()
    query = scope.get("query_string", b"")
    return call_of(scope["method"], path.decode("latin-1"), query.decode("latin-1"), headers_of(scope), body)


def _over_a_limit(call: Call) -> HttpResponse | None:
    try:
        limits.check(call)
    except Refused as refused:
        return http_response(call.service, refused)
    return None


def _json(status: int, content: Any) -> HttpResponse:
    return HttpResponse(status, json.dumps(content).encode(), {"content-type": "application/json"})
