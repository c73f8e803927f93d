"""DynamoDB's responses, from botocore's stubber: throttles, conflicts, failed conditions, timeouts."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.stub import ANY

from chalicelib.aws.table import Attr, Change, NewItem
from chalicelib.core.errors import ConditionFailed, Conflicted, Throttled, Unavailable
from chalicelib.core.keys import COUNTS, Key
from tests.aws.stubbed import ITEM, KEY, OTHER, WIRE, StubbedDynamodb

CHANGE = Change(KEY, assign={"a": 1}, when=Attr("a").not_exists())


def test_a_read_is_strongly_consistent_only_on_request(dynamodb: StubbedDynamodb) -> None:
    for consistent in (False, True):
        expected = {"TableName": "counts-test", "Key": ANY, "ConsistentRead": consistent}
        dynamodb.stub.add_response("get_item", {"Item": WIRE}, expected)
        assert dynamodb.tables.get(KEY, consistent=consistent) == ITEM


def test_a_key_that_exists_raises_with_the_existing_item(dynamodb: StubbedDynamodb) -> None:
    dynamodb.add_error("put_item", "ConditionalCheckFailedException", Item=WIRE)
    with pytest.raises(ConditionFailed) as caught:
        dynamodb.tables.put_new(NewItem(KEY, {"a": 1}))
    assert (caught.value.item, caught.value.index) == (ITEM, 0)


def test_a_condition_that_fails_on_a_missing_item_has_no_item(dynamodb: StubbedDynamodb) -> None:
    dynamodb.add_error("update_item", "ConditionalCheckFailedException")
    with pytest.raises(ConditionFailed) as caught:
        dynamodb.tables.update(CHANGE)
    assert caught.value.item is None


def update_request(returns: str, on_failure: str) -> dict[str, Any]:
    parts = ("TableName", "Key", "UpdateExpression", "ConditionExpression")
    parameters: dict[str, Any] = dict.fromkeys((*parts, "ExpressionAttributeNames", "ExpressionAttributeValues"), ANY)
    return {**parameters, "ReturnValues": returns, "ReturnValuesOnConditionCheckFailure": on_failure}


def test_an_update_returns_the_item_only_on_request(dynamodb: StubbedDynamodb) -> None:
    dynamodb.stub.add_response("update_item", {"Attributes": WIRE}, update_request("ALL_NEW", "ALL_OLD"))
    assert dynamodb.tables.update_and_read(CHANGE) == ITEM
    dynamodb.stub.add_response("update_item", {}, update_request("NONE", "ALL_OLD"))
    dynamodb.tables.update(CHANGE)


def test_trying_an_update_returns_no_item_even_on_failure(dynamodb: StubbedDynamodb) -> None:
    dynamodb.stub.add_response("update_item", {}, update_request("NONE", "NONE"))
    assert dynamodb.tables.try_update(CHANGE)
    dynamodb.stub.add_client_error(
        "update_item", "ConditionalCheckFailedException", expected_params=update_request("NONE", "NONE")
    )
    assert not dynamodb.tables.try_update(CHANGE)


def cancellation_reason(code: str, item: dict[str, Any] | None = None) -> dict[str, Any]:
    reason: dict[str, Any] = {"Code": code, "Message": ""}
    if item:
        reason["Item"] = item
    return reason


@pytest.mark.parametrize(
    ("codes", "error"),
    [
        (["TransactionConflict", "None"], Conflicted),
        (["None", "TransactionConflict"], Conflicted),
        (["ThrottlingError", "None"], Throttled),
        (["None", "ProvisionedThroughputExceeded"], Throttled),
        (["ThrottlingError", "TransactionConflict"], Conflicted),
        (["ConditionalCheckFailed", "TransactionConflict"], ConditionFailed),
        (["TransactionConflict", "ConditionalCheckFailed"], ConditionFailed),
    ],
)
def test_a_cancelled_transaction_is_translated_by_its_reasons(
    dynamodb: StubbedDynamodb, codes: list[str], error: type[Exception]
) -> None:
    reasons = [cancellation_reason(code) for code in codes]
    dynamodb.add_error("transact_write_items", "TransactionCanceledException", CancellationReasons=reasons)
    with pytest.raises(error) as caught:
        dynamodb.tables.transact([CHANGE, Change(OTHER, assign={"a": 1})])
    assert type(caught.value) is error


def test_a_bug_in_a_transaction_is_raised_unchanged(dynamodb: StubbedDynamodb) -> None:
    """A retry cannot repair a ValidationError. As Unavailable, it would be retried for ever and never be noticed."""
    reasons = [cancellation_reason("ValidationError"), cancellation_reason("None")]
    dynamodb.add_error("transact_write_items", "TransactionCanceledException", CancellationReasons=reasons)
    with pytest.raises(Exception) as caught:  # noqa: PT011
        dynamodb.tables.transact([CHANGE, Change(OTHER, assign={"a": 1})])
    assert not isinstance(caught.value, Unavailable)


def test_a_failed_condition_in_a_transaction_has_index_and_item(dynamodb: StubbedDynamodb) -> None:
    reasons = [cancellation_reason("None"), cancellation_reason("ConditionalCheckFailed", WIRE)]
    dynamodb.add_error("transact_write_items", "TransactionCanceledException", CancellationReasons=reasons)
    with pytest.raises(ConditionFailed) as caught:
        dynamodb.tables.transact([Change(OTHER, assign={"a": 1}), CHANGE])
    assert (caught.value.index, caught.value.item) == (1, ITEM)


def test_a_transaction_names_both_tables_and_is_idempotent_for_the_sdks_own_retry(dynamodb: StubbedDynamodb) -> None:
    requests: list[dict[str, Any]] = []

    def record(params: dict[str, Any], **_: Any) -> None:
        requests.append(params)

    dynamodb.client.meta.events.register_last("provide-client-params.dynamodb.TransactWriteItems", record)
    dynamodb.stub.add_response("transact_write_items", {})
    dynamodb.tables.transact([CHANGE, NewItem(OTHER, {})])
    tables = []
    for item in requests[0]["TransactItems"]:
        tables += [write["TableName"] for write in item.values()]
    assert tables == ["counts-test", "signatures-test"]
    operation = dynamodb.client.meta.service_model.operation_model("TransactWriteItems")
    assert operation.idempotent_members == ["ClientRequestToken"]


def test_the_health_check_calls_both_tables(dynamodb: StubbedDynamodb) -> None:
    for name in ("signatures-test", "counts-test"):
        dynamodb.stub.add_response("describe_table", {"Table": {}}, {"TableName": name})
    dynamodb.tables.check()


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


def test_a_count_adds_the_pages_and_returns_no_attribute(dynamodb: StubbedDynamodb) -> None:
    last = {"pk": {"S": "p"}, "sk": {"S": "s"}}
    request = {
        **dict.fromkeys(("TableName", "KeyConditionExpression", "ExpressionAttributeValues"), ANY),
        "FilterExpression": "attribute_exists(#n0)",
        "ExpressionAttributeNames": {"#n0": "name"},
        "Select": "COUNT",
    }
    dynamodb.stub.add_response("query", {"Count": 3, "LastEvaluatedKey": last}, request)
    dynamodb.stub.add_response("query", {"Count": 1}, request | {"ExclusiveStartKey": last})
    assert dynamodb.tables.count(COUNTS, "p", Attr("name").exists()) == 4


def test_a_throttle_between_two_pages_raises(dynamodb: StubbedDynamodb) -> None:
    last = {"pk": {"S": "p"}, "sk": {"S": "s"}}
    dynamodb.stub.add_response("query", {"Items": [WIRE], "LastEvaluatedKey": last})
    dynamodb.add_error("query", "ThrottlingException")
    with pytest.raises(Throttled):
        list(dynamodb.tables.query(COUNTS, "p"))
