"""After a pause, an email is sent over a new connection, because Lambda may have dropped the old one."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from chalicelib.aws import clients
from chalicelib.aws.email import IDLE, Mail, Mailer
from chalicelib.core.settings import Reputation
from tests.actors import NOW
from tests.aws.stubbed import a_client

MAIL = Mail("a@b.example", "s", "t", "h")


class Ses(BaseHTTPRequestHandler):
    """Accepts every email. The server makes one instance for each connection."""

    protocol_version = "HTTP/1.1"
    connections = 0

    def setup(self) -> None:
        Ses.connections += 1
        super().setup()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        answer = b'{"MessageId": "m"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def client() -> Iterator[Any]:
    with HTTPServer(("127.0.0.1", 0), Ses) as server:
        thread = Thread(target=server.serve_forever, args=(0.005,))
        thread.start()
        client = a_client("sesv2", clients.MAIL_CONFIG, endpoint_url=f"http://127.0.0.1:{server.server_port}")
        yield client
        client.close()
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("batches", "connections"),
    [
        ([(0, True), (1, True)], 1),
        ([(0, True), (1, True), (3, True)], 2),
        # Batches without an email do not keep a connection alive.
        ([(0, True), (1, False), (2, False), (3, True)], 2),
    ],
)
def test_a_connection_that_may_be_dead_is_not_used_again(
    client: Any, batches: list[tuple[int, bool]], connections: int
) -> None:
    """`batches`: when each begins, as a multiple of IDLE, and whether it sends an email."""
    mailer = Mailer(client, "a@b.example", dict.fromkeys(Reputation, "c"))
    before = Ses.connections
    for begins, sends in batches:
        mailer.close_if_idle(NOW + begins * IDLE)
        if sends:
            mailer.send(MAIL)
    assert Ses.connections - before == connections
