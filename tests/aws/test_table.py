"""DynamoDB's responses, from botocore's stubber. tests/stores has what the emulator answers as AWS does."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.config import Config
from botocore.stub import ANY
from hypothesis import given, strategies as st

from chalicelib.aws.expressions import from_wire, to_wire
from chalicelib.aws.table import Attr, Change, Tables
from chalicelib.core.errors import ConditionFailed, Conflicted, Throttled
from chalicelib.core.keys import COUNTS, SIGNATURES, Key
from tests.aws.stubbed import Stub, stubbed

KEY, OTHER = Key(COUNTS, "p", "s"), Key(SIGNATURES, "q", "t")
WIRE = {"pk": {"S": "p"}, "sk": {"S": "s"}, "mails": {"N": "3"}}
LAST = {"pk": {"S": "p"}, "sk": {"S": "s"}}
ITEM = {"pk": "p", "sk": "s", "mails": 3}


@pytest.fixture
def stub() -> Iterator[Stub]:
    with stubbed("dynamodb", Config(retries={"total_max_attempts": 1, "mode": "standard"})) as stub:
        yield stub


@pytest.fixture
def tables(stub: Stub) -> Tables:
    return Tables(stub.client, {COUNTS: "counts-test", SIGNATURES: "signatures-test"})


def test_a_read_is_strongly_consistent_only_on_request(stub: Stub, tables: Tables) -> None:
    for consistent in (False, True):
        expected = {"TableName": "counts-test", "Key": ANY, "ConsistentRead": consistent}
        stub.add_response("get_item", {"Item": WIRE}, expected)
        assert tables.get(KEY, consistent=consistent) == ITEM


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
    stub: Stub, tables: Tables, codes: list[str], error: type[Exception]
) -> None:
    reasons = {"CancellationReasons": [{"Code": code} for code in codes]}
    stub.add_client_error("transact_write_items", "TransactionCanceledException", modeled_fields=reasons)
    with pytest.raises(error) as caught:
        tables.transact([Change(KEY, assign={"a": 1}), Change(OTHER, assign={"a": 1})])
    assert type(caught.value) is error


def test_a_transaction_is_idempotent_for_the_sdks_own_retry(stub: Stub) -> None:
    operation = stub.client.meta.service_model.operation_model("TransactWriteItems")
    assert operation.idempotent_members == ["ClientRequestToken"]


def test_the_health_check_calls_both_tables(stub: Stub, tables: Tables) -> None:
    for name in ("signatures-test", "counts-test"):
        stub.add_response("describe_table", {"Table": {}}, {"TableName": name})
    tables.check()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits between reads of keys that were left out, each the longest possible."""
    waits: list[float] = []
    monkeypatch.setattr("chalicelib.aws.table.time", SimpleNamespace(sleep=waits.append))
    monkeypatch.setattr("chalicelib.aws.table.uniform", lambda low, high: high)
    return waits


def test_unprocessed_keys_are_requested_again(stub: Stub, tables: Tables, waits: list[float]) -> None:
    left_out = {"counts-test": {"Keys": [{"pk": {"S": "p2"}, "sk": {"S": "s"}}]}}
    second = WIRE | {"pk": {"S": "p2"}}
    stub.add_response("batch_get_item", {"Responses": {"counts-test": [WIRE]}, "UnprocessedKeys": left_out})
    stub.add_response("batch_get_item", {"Responses": {"counts-test": [second]}}, {"RequestItems": left_out})
    found = tables.batch_get([KEY, Key(COUNTS, "p2", "s")])
    assert [item["pk"] for item in found] == ["p", "p2"]
    assert waits == [0.05]


def test_an_incomplete_batch_read_raises_after_growing_waits(stub: Stub, tables: Tables, waits: list[float]) -> None:
    left_out = {"counts-test": {"Keys": [{"pk": {"S": "p"}, "sk": {"S": "s"}}]}}
    for _ in range(4):
        stub.add_response("batch_get_item", {"Responses": {}, "UnprocessedKeys": left_out})
    with pytest.raises(Throttled):
        tables.batch_get([KEY])
    assert waits == [0.05, 0.1, 0.2]


def test_a_count_adds_the_pages_and_returns_no_attribute(stub: Stub, tables: Tables) -> None:
    request = {
        **dict.fromkeys(("TableName", "KeyConditionExpression", "ExpressionAttributeValues"), ANY),
        "FilterExpression": "attribute_exists(#n0)",
        "ExpressionAttributeNames": {"#n0": "name"},
        "Select": "COUNT",
    }
    stub.add_response("query", {"Count": 3, "LastEvaluatedKey": LAST}, request)
    stub.add_response("query", {"Count": 1}, request | {"ExclusiveStartKey": LAST})
    assert tables.count(COUNTS, "p", Attr("name").exists()) == 4


def test_a_throttle_between_two_pages_raises(stub: Stub, tables: Tables) -> None:
    stub.add_response("query", {"Items": [WIRE], "LastEvaluatedKey": LAST})
    stub.add_client_error("query", "ThrottlingException")
    with pytest.raises(Throttled):
        list(tables.query(COUNTS, "p"))


SCALARS = st.text(max_size=9) | st.integers(-(10**30), 10**30) | st.booleans()
NAMES = st.sampled_from(["a", "b", "name", "size", "sk", "ü", "#s0", ":v0", "a b", "x" * 255])
SETS = st.sets(st.text(min_size=1, max_size=5), min_size=1, max_size=3)


@given(st.dictionaries(NAMES, SCALARS | SETS | st.lists(SCALARS, max_size=3), max_size=6))
def test_an_item_survives_the_wire_format(item: dict[str, Any]) -> None:
    back = from_wire(to_wire(item))
    assert back == item
    assert [type(value) for value in back.values()] == [type(value) for value in item.values()]


@pytest.mark.parametrize("value", [1.5, float("nan")])
def test_a_number_that_is_not_an_integer_raises(value: float) -> None:
    with pytest.raises(TypeError):
        to_wire({"x": value})
