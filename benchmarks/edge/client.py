"""A small HTTP client for many requests a second: kept connections, no parsing beyond what is read here."""

import asyncio
from collections import deque

from multidict import CIMultiDict

from stack.edge.message import EdgeAnswer, ViewerRequest

# Viewers who wait at the same time. Further ones wait for a connection, and their time counts from when they came.
MOST = 1_000
PATIENCE = 30.0
NO_ANSWER = EdgeAnswer(0)

_Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Client:
    """Gives up a request after `PATIENCE` seconds: the answer then has status 0."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._idle: deque[_Connection] = deque()
        self._free = asyncio.Semaphore(MOST)

    async def ask(self, request: ViewerRequest) -> EdgeAnswer:
        try:
            async with asyncio.timeout(PATIENCE), self._free:
                return await self._sent(request)
        except (TimeoutError, OSError, asyncio.IncompleteReadError):
            return NO_ANSWER

    async def _sent(self, request: ViewerRequest) -> EdgeAnswer:
        reader, writer = self._idle.pop() if self._idle else await asyncio.open_connection(self._host, self._port)
        try:
            writer.write(self._written(request))
            answer = await _read(reader)
        except BaseException:
            writer.close()
            raise
        self._idle.append((reader, writer))
        return answer

    def _written(self, request: ViewerRequest) -> bytes:
        target = f"{request.path}?{request.query}" if request.query else request.path
        lines = [f"{request.method} {target} HTTP/1.1", f"Host: {self._host}:{self._port}"]
        lines += [f"{name}: {value}" for name, value in request.headers.items()]
        if request.body or request.method == "POST":
            lines.append(f"Content-Length: {len(request.body)}")
        return "\r\n".join([*lines, "", ""]).encode() + request.body

    def close(self) -> None:
        for _, writer in self._idle:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> EdgeAnswer:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    parted = (line.partition(": ") for line in lines if line)
    headers = CIMultiDict((name, value) for name, _, value in parted)
    body = await reader.readexactly(int(headers.get("Content-Length", "0")))
    return EdgeAnswer(int(first.split(" ", 2)[1]), headers, body)
