"""Every call has a short timeout, measured against an endpoint that never answers."""

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
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
def silent_endpoint() -> Iterator[str]:
    """An endpoint that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_a_supporter_waits_at_most_three_seconds_for_the_table_and_three_for_the_queue(silent_endpoint: str) -> None:
    table = boto3.client("dynamodb", config=SIGNING_CONFIG, endpoint_url=silent_endpoint, **KEYS)  # type: ignore[call-overload]
    sqs = boto3.client("sqs", config=SIGNING_CONFIG, endpoint_url=silent_endpoint, **KEYS)  # type: ignore[call-overload]
    tables = Tables(table, {keys.SIGNATURES: "signatures"})
    queue = Queue(sqs, f"{silent_endpoint}/1/overflow")
    signature = NewItem(keys.signature("safe-children", "00"), {})
    calls: list[Callable[[], object]] = [lambda: tables.put_new(signature), lambda: queue.send([Outgoing({})])]
    with ThreadPoolExecutor() as pool:
        waits = list(pool.map(seconds_until_unavailable, calls))
    assert max(waits) < 3


def seconds_until_unavailable(call: Callable[[], object]) -> float:
    began = monotonic()
    with pytest.raises(Unavailable):
        call()
    return monotonic() - began
