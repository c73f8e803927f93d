"""Reads of many items: batches, pages, waits."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.stub import ANY

from chalicelib.core.errors import Throttled
from chalicelib.core.keys import COUNTS, Key
from tests.aws.stubbed import ITEM, KEY, WIRE, Played


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits between reads of keys that were left out, each the longest possible."""
    waits: list[float] = []
    monkeypatch.setattr("chalicelib.aws.table.time", SimpleNamespace(sleep=waits.append))
    monkeypatch.setattr("chalicelib.aws.table.uniform", lambda low, high: high)
    return waits


def test_unprocessed_keys_are_requested_again(played: Played, slept: list[float]) -> None:
    left = {"counts-test": {"Keys": [{"pk": {"S": "p2"}, "sk": {"S": "s"}}]}}
    second = WIRE | {"pk": {"S": "p2"}}
    played.stub.add_response("batch_get_item", {"Responses": {"counts-test": [WIRE]}, "UnprocessedKeys": left})
    played.stub.add_response("batch_get_item", {"Responses": {"counts-test": [second]}}, {"RequestItems": left})
    found = played.tables.batch_get([KEY, Key(COUNTS, "p2", "s")])
    assert [item["pk"] for item in found] == ["p", "p2"]
    assert slept == [0.05]


def test_an_incomplete_batch_read_raises_after_growing_waits(played: Played, slept: list[float]) -> None:
    left = {"counts-test": {"Keys": [{"pk": {"S": "p"}, "sk": {"S": "s"}}]}}
    for _ in range(4):
        played.stub.add_response("batch_get_item", {"Responses": {}, "UnprocessedKeys": left})
    with pytest.raises(Throttled):
        played.tables.batch_get([KEY])
    assert slept == [0.05, 0.1, 0.2]


def test_keys_are_read_in_batches_of_a_hundred(played: Played) -> None:
    sizes: list[int] = []

    def answer(params: dict[str, Any], **_: Any) -> None:
        sizes.append(len(params["RequestItems"]["counts-test"]["Keys"]))

    played.client.meta.events.register("provide-client-params.dynamodb.BatchGetItem", answer)
    for _ in range(3):
        played.stub.add_response("batch_get_item", {"Responses": {"counts-test": []}})
    assert played.tables.batch_get([Key(COUNTS, "p", str(number)) for number in range(201)]) == []
    assert sizes == [100, 100, 1]
    assert played.tables.batch_get([]) == []


def test_a_query_reads_page_by_page(played: Played) -> None:
    last = {"pk": {"S": "p"}, "sk": {"S": "s"}}
    played.stub.add_response("query", {"Items": [WIRE], "LastEvaluatedKey": last})
    again = {
        **dict.fromkeys(("TableName", "KeyConditionExpression", "ExpressionAttributeValues"), ANY),
        "ConsistentRead": True,
        "ScanIndexForward": True,
    }
    played.stub.add_response("query", {"Items": [WIRE]}, again | {"ExclusiveStartKey": last})
    assert list(played.tables.query(COUNTS, "p", ("a", "z"), consistent=True)) == [ITEM, ITEM]


def test_a_throttle_between_two_pages_raises(played: Played) -> None:
    last = {"pk": {"S": "p"}, "sk": {"S": "s"}}
    played.stub.add_response("query", {"Items": [WIRE], "LastEvaluatedKey": last})
    played.fails("query", "ThrottlingException")
    with pytest.raises(Throttled):
        list(played.tables.query(COUNTS, "p"))
