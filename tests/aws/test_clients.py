"""Every call has a short timeout, measured against an endpoint that never answers."""

import socket
from collections.abc import Iterator
from time import monotonic

import boto3
import pytest

from chalicelib.aws.clients import SIGNING_CONFIG
from chalicelib.aws.queue import Outgoing, Queue
from chalicelib.aws.table import NewItem, Tables
from chalicelib.core import keys
from chalicelib.core.errors import Unavailable

KEYS = {"region_name": "eu-west-2", "aws_access_key_id": "x", "aws_secret_access_key": "x"}


@pytest.fixture
def silence() -> Iterator[str]:
    """An endpoint that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_a_supporter_waits_three_seconds_for_the_table_and_three_for_the_queue(silence: str) -> None:
    table = boto3.client("dynamodb", config=SIGNING_CONFIG, endpoint_url=silence, **KEYS)  # type: ignore[call-overload]
    sqs = boto3.client("sqs", config=SIGNING_CONFIG, endpoint_url=silence, **KEYS)  # type: ignore[call-overload]
    tables, queue = Tables(table, {keys.SIGNATURES: "signatures"}), Queue(sqs, f"{silence}/1/overflow")
    began = monotonic()
    with pytest.raises(Unavailable):
        tables.put_new(NewItem(keys.signature("safe-children", "00"), {}))
    with pytest.raises(Unavailable):
        queue.send([Outgoing({})])
    assert monotonic() - began < 6
