"""Replace the sockets of AWS clients by a stub. All layers above (botocore, urllib3, http.client) run unchanged.

`sign_cpu.py` divides the CPU times of two sides. A stub at a higher layer would leave out work that both sides do, and
the ratio would be wrong.
"""

import io
import json
import socket
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from unittest import mock


class StubbedSocket:
    """Answers each request at once. `answers`: the responses by DynamoDB operation.

    Its file descriptor is real, because urllib3 polls it to see whether the server has closed the connection.
    """

    def __init__(self, answers: Mapping[str, bytes]) -> None:
        # The header X-Amz-Target names the operation.
        self._answers = {f"DynamoDB_20120810.{operation}".encode(): answers[operation] for operation in answers}
        self._quiet, self._other = socket.socketpair()
        self._sent = b""

    def sendall(self, data: bytes) -> None:
        if data.startswith(b"POST"):  # The headers, which name the operation. The body may come in a later call.
            self._sent = data

    def makefile(self, *_: object, **__: object) -> io.BytesIO:
        return io.BytesIO(next(answer for target, answer in self._answers.items() if target in self._sent))

    def fileno(self) -> int:
        return self._quiet.fileno()

    def settimeout(self, _: float | None) -> None:
        return

    def close(self) -> None:
        self._quiet.close()
        self._other.close()


@contextmanager
def stub_connections(answers: Mapping[str, object]) -> Iterator[None]:
    """Replace every connection that urllib3 opens in the block by a StubbedSocket. `answers` are by operation."""
    responses = {operation: _response(answer) for operation, answer in answers.items()}

    def connect(*_: object, **__: object) -> StubbedSocket:
        return StubbedSocket(responses)

    with mock.patch("urllib3.util.connection.create_connection", side_effect=connect):
        yield


def _response(answer: object) -> bytes:
    """Return DynamoDB's HTTP response with the checksum that botocore verifies."""
    body = json.dumps(answer).encode()
    lines = (
        "HTTP/1.1 200 OK",
        "Server: Server",
        "Date: Tue, 24 Nov 2026 12:00:00 GMT",
        "Content-Type: application/x-amz-json-1.0",
        f"Content-Length: {len(body)}",
        "Connection: keep-alive",
        "x-amzn-RequestId: QK9TR2V3BHJ0C3NQ1F5M2LQ8KRVV4KQNSO5AEMVJF66Q9ASUAAJG",
        f"x-amz-crc32: {zlib.crc32(body)}",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
