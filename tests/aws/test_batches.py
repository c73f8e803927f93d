"""Reads of many items, in batches and pages, with waits in between."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.stub import ANY

from chalicelib.core.errors import Throttled
from chalicelib.core.keys import COUNTS, Key
from tests.aws.stubbed import ITEM, KEY, WIRE, StubbedDynamodb


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits between reads of keys that were left out, each the longest possible."""
    waits: list[float] = []
    monkeypatch.setattr("chalicelib.aws.table.time", SimpleNamespace(sleep=waits.append))
    monkeypatch.setattr("chalicelib.aws.table.uniform", lambda low, high: high)
    return waits


def test_unprocessed_keys_are_requested_again(dynamodb: StubbedDynamodb, waits: list[float]) -> None:
    left_out = {"counts-test": {"Keys": [{"pk": {"S": "p2"}, "sk": {"S": "s"}}]}}
    second = WIRE | {"pk": {"S": "p2"}}
    dynamodb.stub.add_response("batch_get_item", {"Responses": {"counts-test": [WIRE]}, "UnprocessedKeys": left_out})
    dynamodb.stub.add_response("batch_get_item", {"Responses": {"counts-test": [second]}}, {"RequestItems": left_out})
    found = dynamodb.tables.batch_get([KEY, Key(COUNTS, "p2", "s")])
    assert [item["pk"] for item in found] == ["p", "p2"]
    assert waits == [0.05]


def test_an_incomplete_batch_read_raises_after_growing_waits(dynamodb: StubbedDynamodb, waits: list[float]) -> None:
    left_out = {"counts-test": {"Keys": [{"pk": {"S": "p"}, "sk": {"S": "s"}}]}}
    for _ in range(4):
        dynamodb.stub.add_response("batch_get_item", {"Responses": {}, "UnprocessedKeys": left_out})
    with pytest.raises(Throttled):
        dynamodb.tables.batch_get([KEY])
    assert waits == [0.05, 0.1, 0.2]


def test_keys_are_read_in_batches_of_a_hundred(dynamodb: StubbedDynamodb) -> None:
    sizes: list[int] = []

    def record_size(params: dict[str, Any], **_: Any) -> None:
        sizes.append(len(params["RequestItems"]["counts-test"]["Keys"]))

    dynamodb.client.meta.events.register("provide-client-params.dynamodb.BatchGetItem", record_size)
    for _ in range(3):
        dynamodb.stub.add_response("batch_get_item", {"Responses": {"counts-test": []}})
    keys = [Key(COUNTS, "p", str(number)) for number in range(201)]
    assert dynamodb.tables.batch_get(keys) == []
    assert sizes == [100, 100, 1]
    assert dynamodb.tables.batch_get([]) == []


def test_a_query_reads_page_by_page(dynamodb: StubbedDynamodb) -> None:
    last = {"pk": {"S": "p"}, "sk": {"S": "s"}}
    dynamodb.stub.add_response("query", {"Items": [WIRE], "LastEvaluatedKey": last})
    second_request = {
        **dict.fromkeys(("TableName", "KeyConditionExpression", "ExpressionAttributeValues"), ANY),
        "ConsistentRead": True,
        "ScanIndexForward": True,
    }
    dynamodb.stub.add_response("query", {"Items": [WIRE]}, second_request | {"ExclusiveStartKey": last})
    assert list(dynamodb.tables.query(COUNTS, "p", ("a", "z"), consistent=True)) == [ITEM, ITEM]


def test_a_throttle_between_two_pages_raises(dynamodb: StubbedDynamodb) -> None:
    last = {"pk": {"S": "p"}, "sk": {"S": "s"}}
    dynamodb.stub.add_response("query", {"Items": [WIRE], "LastEvaluatedKey": last})
    dynamodb.add_error("query", "ThrottlingException")
    with pytest.raises(Throttled):
        list(dynamodb.tables.query(COUNTS, "p"))
