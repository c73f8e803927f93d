"""The meter counts calls as they are sent, and units as AWS bills them, but only inside its block."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from benchmarks.meter import Meter, item_bytes, read_units, write_units

KEY = {"pk": {"S": "p"}, "sk": {"S": "s"}}


def item_of(size: int) -> dict[str, Any]:
    """Return an item of exactly so many bytes."""
    return {"a": {"S": "x" * (size - 1)}}


class FakeBody:
    """The body of an AWSResponse that no server sent."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self._body


def respond_with(body: bytes, status: int = 200) -> Any:
    def send(request: Any, **_: object) -> AWSResponse:
        return AWSResponse(request.url, status, HTTPHeaders(), FakeBody(body))

    return send


@pytest.fixture
def session() -> boto3.session.Session:
    return boto3.session.Session("test", "test", region_name="us-east-1")


def test_an_operation_costs_what_dynamodb_reports(session: boto3.session.Session) -> None:
    meter = Meter(session.events)
    client = session.client("dynamodb")
    client.meta.events.register("before-send", respond_with(b'{"ConsumedCapacity": {"CapacityUnits": 3.0}}'))
    with meter.meter_block() as spent:
        client.put_item(TableName="t", Item=KEY)
    assert spent.as_figures() == {"calls": 1, "write_units": 3, "read_units": 0}
    assert spent.operations == ["dynamodb.PutItem"]


@pytest.mark.parametrize(("size", "units"), [(1, 0.5), (4096, 0.5), (4097, 1)])
def test_a_read_is_billed_by_blocks_of_4_kb(size: int, units: float) -> None:
    assert read_units("GetItem", {}, {"Item": item_of(size)}) == units
    assert read_units("GetItem", {"ConsistentRead": True}, {"Item": item_of(size)}) == 2 * units


def test_a_failed_condition_costs_the_larger_item() -> None:
    failed = {"Error": {"Code": "ConditionalCheckFailedException"}, "Item": item_of(2000)}
    assert write_units("PutItem", {"Item": item_of(100)}, failed) == 2
    reasons = [{"Code": "ConditionalCheckFailed", "Item": item_of(1500)}, {"Code": "None"}]
    cancelled = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
    assert write_units("TransactWriteItems", {}, cancelled) == 6


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "é"}, 2),
        ({"N": "12345"}, 4),
        ({"N": "-100"}, 3),
        ({"BOOL": True}, 1),
        ({"SS": ["ab", "c"]}, 3),
        ({"L": [{"S": "ab"}]}, 6),
        ({"M": {"k": {"S": "ab"}}}, 7),
    ],
)
def test_sizes_are_as_documented(value: dict[str, Any], size: int) -> None:
    assert item_bytes({"n": value}) == 1 + size
