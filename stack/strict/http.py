"""Read and answer requests in the emulator's server, which speaks ASGI. Bodies are held in memory as a whole."""

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass(frozen=True)
class HttpResponse:
    """An answer. The names of the headers are in lower case."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    async def send(self, send: Send) -> None:
        headers = {**self.headers, "content-length": str(len(self.body))}
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": raw})
        await send({"type": "http.response.body", "body": self.body})


def headers_of(scope: Scope) -> dict[str, str]:
    """Return the headers by their names in lower case. Of a header that is sent twice, return the last value."""
    headers = {}
    for raw_name, raw_value in scope["headers"]:
        name = raw_name.decode("latin-1").lower()
        headers[name] = raw_value.decode("latin-1")
    return headers


async def read_body(receive: Receive) -> bytes | None:
    """Return the body of a request; None if the client disconnected before the end of the body."""
    chunks = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)


def replayed(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that begins with this body, which `read_body` has already taken from the given `receive`."""
    unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return unread.pop() if unread else await receive()

    return receive_again


async def call_app(app: App, scope: Scope, body: bytes, receive: Receive) -> HttpResponse:
    """Call the application as `scope` says, but with this body. Return its answer."""
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    length = str(len(body)).encode()
    headers = []
    for name, value in scope["headers"]:
        is_length = name.lower() == b"content-length"
        headers.append((name, length if is_length else value))
    await app({**scope, "headers": headers}, replayed(body, receive), keep)
    start = messages[0]
    chunks = [message.get("body", b"") for message in messages[1:]]
    return HttpResponse(start["status"], b"".join(chunks), headers_of(start))
