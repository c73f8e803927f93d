"""A small HTTP client for many requests a second. It reuses connections, and reads only what the benchmark needs."""

import asyncio
import re
from collections import deque

from multidict import CIMultiDict

from stack.edge.message import EdgeAnswer, ViewerRequest

# Requests at the same time. Other requests wait for a connection, and PATIENCE_SECONDS include this wait.
MAX_REQUESTS = 1_000
PATIENCE_SECONDS = 30.0
NO_ANSWER = EdgeAnswer(0)

_HEADERS_END = b"\r\n\r\n"
# The client reads only these headers.
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_ENCODING = re.compile(rb"\r\ncontent-encoding: *([a-z]+)", re.IGNORECASE)


class Client:
    """Sends requests. If no answer comes in PATIENCE_SECONDS or the connection fails, `send` returns NO_ANSWER."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._idle: deque[_Connection] = deque()
        self._free = asyncio.Semaphore(MAX_REQUESTS)

    async def send(self, request: ViewerRequest) -> EdgeAnswer:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), self._free:
                return await self._exchange(request)
        except (TimeoutError, OSError):
            return NO_ANSWER

    async def _exchange(self, request: ViewerRequest) -> EdgeAnswer:
        connection = self._idle_connection() or await self._new_connection()
        try:
            answer = await connection.answer_to(self._as_bytes(request))
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        return answer

    def _idle_connection(self) -> "_Connection | None":
        """Return an idle connection that the server has not closed."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed:
                return connection
        return None

    async def _new_connection(self) -> "_Connection":
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(_Connection, self._host, self._port)
        return connection

    def _as_bytes(self, request: ViewerRequest) -> bytes:
        target = f"{request.path}?{request.query}" if request.query else request.path
        lines = [f"{request.method} {target} HTTP/1.1", f"Host: {self._host}:{self._port}"]
        lines += [f"{name}: {value}" for name, value in request.headers.items()]
        if request.body or request.method == "POST":
            lines.append(f"Content-Length: {len(request.body)}")
        head = "\r\n".join(lines) + "\r\n\r\n"
        return head.encode() + request.body

    def close(self) -> None:
        for connection in self._idle:
            connection.close()


class _Connection(asyncio.Protocol):
    """A connection for one request at a time. Every answer with a body must have Content-Length."""

    _transport: asyncio.Transport
    _waiting: "asyncio.Future[EdgeAnswer]"

    def __init__(self) -> None:
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    @property
    def is_closed(self) -> bool:
        return self._transport.is_closing()

    def answer_to(self, request: bytes) -> "asyncio.Future[EdgeAnswer]":
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._waiting

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(_HEADERS_END)
        if end < 0:
            return
        length = _LENGTH.search(self._received, 0, end)
        body_length = int(length[1]) if length else 0
        body = self._received[end + len(_HEADERS_END) :]
        if len(body) < body_length:
            return
        headers: CIMultiDict[str] = CIMultiDict()
        encoding = _ENCODING.search(self._received, 0, end)
        if encoding:
            headers["Content-Encoding"] = encoding[1].decode()
        status = int(self._received[9:12])  # after "HTTP/1.1 "
        self._received = b""
        if not self._waiting.done():
            self._waiting.set_result(EdgeAnswer(status, headers, body))

    def connection_lost(self, exc: Exception | None) -> None:
        if hasattr(self, "_waiting") and not self._waiting.done():
            self._waiting.set_exception(exc or ConnectionError("closed before the answer"))

    def close(self) -> None:
        self._transport.close()
