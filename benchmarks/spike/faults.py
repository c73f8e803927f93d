"""A proxy between the functions and the emulator. It adds an outage of the signatures table, and the limits of SES.

During the outage, the proxy refuses requests to the table or cuts their connections. Above SES's limits, it refuses an
email as SES does. It passes all other requests on to the emulator.
"""

import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from enum import StrEnum

import aiohttp
from aiohttp import web
from yarl import URL

from benchmarks.spike.ses import Ses

_NOT_FORWARDED = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}
_TIMEOUT = aiohttp.ClientTimeout(total=30, sock_connect=2)
_MAX_BODY_BYTES = 8 * 1024 * 1024
_THROTTLED = {
    "__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
    "message": "The level of configured provisioned throughput for the table was exceeded.",
}


class TableState(StrEnum):
    """How the signatures table behaves: it is available, refuses requests, or cuts their connections."""

    AVAILABLE = "there"
    REFUSES = "refuses"
    CUTS = "cuts connections"


class ProxyFaults:
    """The faults of the proxy. The spike changes `state`. `refused_requests`: how many requests failed in the outage.

    A mark is the update that records in a signature that its email was sent.
    """

    def __init__(self, endpoint: str, table: str, ses: Ses) -> None:
        self.state = TableState.AVAILABLE
        self.refused_requests = 0
        self._failed_marks: set[bytes] = set()
        self.ses = ses
        self._endpoint, self._table = endpoint, f'"{table}"'.encode()
        self._session: aiohttp.ClientSession | None = None

    async def connect(self, _: web.Application) -> AsyncIterator[None]:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(timeout=_TIMEOUT, auto_decompress=False, connector=connector) as self._session:
            yield

    async def pass_on(self, request: web.Request) -> web.Response:
        body = await request.read()
        answer = await self._respond(request, body)
        if is_mark(body):
            self._note_mark(body, answer)
        return answer

    async def _respond(self, request: web.Request, body: bytes) -> web.Response:
        if self.state is not TableState.AVAILABLE and self._is_for_table(request, body):
            self.refused_requests += 1
            return self._outage_answer(request)
        if request.path != "/v2/email/outbound-emails":
            return await self._forward(request, body)
        if refusal := self.ses.refusal():
            headers = {"x-amzn-ErrorType": refusal.code}
            return web.json_response({"message": refusal.message}, status=refusal.status, headers=headers)
        answer = await self._forward(request, body)
        if answer.status == 200:
            self.ses.record_email(body)
        return answer

    def _note_mark(self, body: bytes, answer: web.Response) -> None:
        """Remember the mark if it failed, and forget it if the SDK's retry, which has the same body, succeeds.

        Marks of different emails have different bodies, because they contain the time. A 5xx means that the table has
        the mark, and only the answer failed. So the condition of the SDK's retry fails. Neither of these two
        answers means a failed mark.
        """
        if answer.status == 200:
            self._failed_marks.discard(body)
        elif answer.status < 500 and "ConditionalCheckFailed" not in (answer.text or ""):
            self._failed_marks.add(body)

    def unmarked_emails(self) -> Counter[str]:
        """Return the number of failed marks by signature id. SES has accepted the emails of these marks.

        The sender sends each of these emails once more. In no other case may an email come twice (mail/send.py).
        """
        keys = [json.loads(body)["Key"] for body in self._failed_marks]
        return Counter(key["sk"]["S"] for key in keys)

    def _is_for_table(self, request: web.Request, body: bytes) -> bool:
        target = request.headers.get("X-Amz-Target", "")
        return target.startswith("DynamoDB_") and self._table in body

    def _outage_answer(self, request: web.Request) -> web.Response:
        if self.state is TableState.CUTS and request.transport:
            request.transport.abort()
        # After an abort, this response reaches nobody. It only tells `_note_mark` that the request failed.
        return web.Response(status=400, text=json.dumps(_THROTTLED), content_type="application/x-amz-json-1.0")

    async def _forward(self, request: web.Request, body: bytes) -> web.Response:
        assert self._session, "the faults are not running"
        headers = _forwarded(request.headers)
        url = URL(self._endpoint + request.raw_path, encoded=True)
        async with self._session.request(request.method, url, headers=headers, data=body) as answer:
            content = await answer.read()
        return web.Response(status=answer.status, headers=_forwarded(answer.headers), body=content)


def _forwarded(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that the proxy passes on, of a request or of a response."""
    return {name: value for name, value in headers.items() if name.lower() not in _NOT_FORWARDED}


def is_mark(body: bytes) -> bool:
    """Return whether this request marks an email as sent. Only a mark adds to the attribute `mails` of a signature."""
    if b" ADD " not in body:
        return False
    request = json.loads(body)
    if " ADD " not in request.get("UpdateExpression", ""):
        return False
    changed_attributes = request["ExpressionAttributeNames"].values()
    return "mails" in changed_attributes


def application(faults: ProxyFaults) -> web.Application:
    app = web.Application(client_max_size=_MAX_BODY_BYTES)
    app.cleanup_ctx.append(faults.connect)
    app.router.add_route("*", "/{path:.*}", faults.pass_on)
    return app
