"""After a pause, an email is sent over a new connection, because Lambda may have dropped the old one."""

import socket
import threading
from contextlib import suppress
from typing import Any

import boto3

from chalicelib.aws import clients
from chalicelib.aws.email import IDLE, Mail, Mailer
from tests.actors import NOW


def test_a_connection_that_may_be_dead_is_not_used_again() -> None:
    """Each of the two batches sends one email. The server counts the connections."""
    connections: list[socket.socket] = []
    answer = b'HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n{"MessageId": "m"}'
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve_connections, args=(server, connections, answer), daemon=True).start()
        endpoint = f"http://127.0.0.1:{server.getsockname()[1]}"
        keys = {"region_name": "eu-west-2", "aws_access_key_id": "x", "aws_secret_access_key": "x"}
        client: Any = boto3.client("sesv2", config=clients.MAIL_CONFIG, endpoint_url=endpoint, **keys)  # type: ignore[call-overload]
        mailer = Mailer(client, "a@b.example", "c")
        for began, expected in ((NOW, 1), (NOW + IDLE, 1), (NOW + 3 * IDLE, 2)):
            mailer.begin_batch(began)
            mailer.send(Mail("a@b.example", "s", "t", "h"))
            assert len(connections) == expected


def serve_connections(server: socket.socket, connections: list[socket.socket], answer: bytes) -> None:
    """Answer every request of every connection, one connection after the other."""
    with suppress(OSError):
        while True:
            connection, _ = server.accept()
            connections.append(connection)
            threading.Thread(target=answer_requests, args=(connection, answer), daemon=True).start()


def answer_requests(connection: socket.socket, answer: bytes) -> None:
    while connection.recv(65536):
        connection.sendall(answer)
