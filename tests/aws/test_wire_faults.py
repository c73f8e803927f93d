"""Real clients against a socket that throttles, breaks off, resets or never answers: all become domain errors."""

import ast
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config

from chalicelib.aws.bucket import Bucket
from chalicelib.aws.email import Mail, Mailer, MailQuota
from chalicelib.aws.queue import Outgoing, Queue, Source
from chalicelib.aws.table import Attr, Change, NewItem, Tables
from chalicelib.core.errors import Throttled, Unavailable
from chalicelib.core.keys import COUNTS, SIGNATURES, Key
from chalicelib.core.settings import Reputation
from tests.aws.stubbed import a_client

AWS = Path(__file__).parents[2] / "chalicelib" / "aws"
CONFIG = Config(connect_timeout=1, read_timeout=0.05, retries={"mode": "standard", "total_max_attempts": 1})
KEY = Key(COUNTS, "p", "s")


def _refusal(status: str, code: str) -> bytes:
    body = f'{{"__type": "{code}", "message": "no"}}'
    lines = (f"HTTP/1.1 {status}", f"x-amzn-ErrorType: {code}", f"Content-Length: {len(body)}", "Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>no</Message></Error>"

# What the server sends before it resets the connection. None: it sends nothing and does not reset.
FAULTS: dict[str, tuple[bytes | None, type[Exception]]] = {
    "throttled": (_refusal("400 Bad Request", "ThrottlingException"), Throttled),
    "asked to slow down by S3": (
        b"HTTP/1.1 503 Slow Down\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(SLOW_DOWN) + SLOW_DOWN,
        Throttled,
    ),
    "broken inside": (_refusal("500 Internal Server Error", "InternalServerError"), Unavailable),
    "away": (_refusal("503 Service Unavailable", "Whatever"), Unavailable),
    "reset": (b"", Unavailable),
    "cut off in the middle": (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", Unavailable),
    "no HTTP": (b"garbage\r\n\r\n", Unavailable),
    "silent": (None, Unavailable),
}


@pytest.fixture
def endpoint(request: pytest.FixtureRequest) -> Iterator[str]:
    response, _ = FAULTS[request.param]
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_serve, args=(server, response))
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def _serve(server: socket.socket, response: bytes | None) -> None:
    connections = []
    with suppress(OSError):
        while True:
            connection, _ = server.accept()
            connections.append(connection)
            if response is not None:
                connection.recv(65536)
                connection.sendall(response)
                if not response:  # Close without lingering: the client sees a reset, not an end.
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()
    for connection in connections:
        connection.close()


def client(service: str, endpoint: str) -> Any:
    return a_client(service, CONFIG, endpoint_url=endpoint)


def _tables(endpoint: str) -> Tables:
    return Tables(client("dynamodb", endpoint), {COUNTS: "counts", SIGNATURES: "signatures"})


def _queue(endpoint: str) -> Queue:
    return Queue(client("sqs", endpoint), f"{endpoint}/1/mail")


def _bucket(endpoint: str) -> Bucket:
    return Bucket(client("s3", endpoint), "files")


OPERATIONS: dict[str, Callable[[str], object]] = {
    "get_item": lambda at: _tables(at).get(KEY),
    "batch_get_item": lambda at: _tables(at).batch_get([KEY]),
    "query": lambda at: list(_tables(at).query(COUNTS, "p")),
    "put_item": lambda at: _tables(at).put_new(NewItem(KEY, {})),
    "put_item again": lambda at: _tables(at).put(KEY, {}),
    "query a page": lambda at: _tables(at).page(KEY, ("pk",), Attr("pk").exists(), 1),
    "update_item": lambda at: _tables(at).update(Change(KEY, assign={"a": 1})),
    "transact_write_items": lambda at: _tables(at).transact([NewItem(KEY, {})]),
    "describe_table": lambda at: _tables(at).check(),
    "send_message_batch": lambda at: _queue(at).send([Outgoing({})]),
    "get_queue_attributes": lambda at: _queue(at).depth(),
    "change_message_visibility_batch": lambda at: _queue(at).deliver_again_in({"r": 5}),
    "get_account": lambda at: MailQuota(client("sesv2", at)).daily(),
    "get_suppressed_destination": lambda at: MailQuota(client("sesv2", at)).suppresses("a@b.example"),
    "get_queue_attributes again": lambda at: _queue(at).check(),
    "get_event_source_mapping": lambda at: Source(client("lambda", at), "0" * 36).switch(is_on=True),
    "upload_fileobj": lambda at: _bucket(at).put_file("k", Path(__file__), "text/plain"),
    "get_object": lambda at: _bucket(at).copy_to("k", BytesIO()),
    "get_paginator": lambda at: _bucket(at).delete_under("k"),
    "send_email": lambda at: Mailer(client("sesv2", at), "a@b.example", {Reputation.SIGNATURES: "c"}).send(
        Mail("d@e.example", "s", "t", "h")
    ),
}
# S3 has an error code of its own, in XML; the other services answer in JSON.
S3_OPERATIONS = {"upload_fileobj", "get_object", "get_paginator"}
OPERATIONS_BY_FAULT = {"throttled": OPERATIONS.keys() - S3_OPERATIONS, "asked to slow down by S3": S3_OPERATIONS}
# The code calls these only after another operation, in the same `with`.
CALLED_AFTER_ANOTHER = {"list_objects_v2", "update_event_source_mapping", "delete_objects"}
# A link is computed locally, without a call.
LOCAL = {"close", "generate_presigned_url", "generate_presigned_post"}


@pytest.mark.faults
@pytest.mark.parametrize("endpoint", FAULTS, indirect=True)
def test_every_network_fault_is_a_throttle_or_unavailable(endpoint: str, request: pytest.FixtureRequest) -> None:
    fault = request.node.callspec.params["endpoint"]
    _, error = FAULTS[fault]
    for operation in OPERATIONS_BY_FAULT.get(fault, OPERATIONS):
        with pytest.raises(Unavailable) as caught:
            OPERATIONS[operation](endpoint)
        assert isinstance(caught.value, Throttled) is (error is Throttled), operation


def test_every_operation_that_the_code_uses_is_tested() -> None:
    used = set()
    for path in AWS.glob("*.py"):
        used |= client_methods_in(path)
    tested = {name.partition(" ")[0] for name in OPERATIONS}
    assert used == tested | CALLED_AFTER_ANOTHER | LOCAL


def client_methods_in(path: Path) -> set[str]:
    """Return the names of the methods that the file calls on `self._client`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    methods = [call.func for call in calls if isinstance(call.func, ast.Attribute)]
    return {method.attr for method in methods if ast.unparse(method.value) == "self._client"}
