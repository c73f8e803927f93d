"""Changes as data, and as the expressions that DynamoDB needs."""

from typing import Any

import pytest
from hypothesis import given, strategies as st

from chalicelib.aws.expressions import (
    Attr,
    Change,
    NewItem,
    change_request,
    chunks,
    from_wire,
    new_item_request,
    to_wire,
)
from chalicelib.core.keys import Key

KEY = Key("counts", "p", "s")
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


def test_a_new_item_needs_a_free_key_and_a_failure_returns_the_old_item() -> None:
    assert new_item_request(NewItem(KEY, {"a": 1})) == {
        "Item": {"pk": {"S": "p"}, "sk": {"S": "s"}, "a": {"N": "1"}},
        "ConditionExpression": "attribute_not_exists(pk)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def test_a_change_becomes_one_expression_with_every_name_replaced() -> None:
    change = Change(KEY, assign={"state": "x"}, add={"total": 1}, remove=("name",), when=Attr("state").eq("y"))
    assert change_request(change) == {
        "Key": {"pk": {"S": "p"}, "sk": {"S": "s"}},
        "UpdateExpression": "SET #s0 = :s0 ADD #a0 :a0 REMOVE #r0",
        "ConditionExpression": "#n0 = :v0",
        "ExpressionAttributeNames": {"#s0": "state", "#a0": "total", "#r0": "name", "#n0": "state"},
        "ExpressionAttributeValues": {":s0": {"S": "x"}, ":a0": {"N": "1"}, ":v0": {"S": "y"}},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def test_a_change_that_only_removes_sends_no_values() -> None:
    """DynamoDB refuses an empty ExpressionAttributeValues."""
    request = change_request(Change(KEY, remove=("a", "b")))
    assert request["UpdateExpression"] == "REMOVE #r0, #r1"
    assert "ExpressionAttributeValues" not in request
    assert "ConditionExpression" not in request


@given(
    st.dictionaries(NAMES, SCALARS, max_size=4),
    st.dictionaries(NAMES, st.integers(), max_size=4),
    st.lists(NAMES, max_size=3, unique=True),
)
def test_exactly_the_used_placeholders_are_defined(
    assign: dict[str, Any], add: dict[str, int], remove: list[str]
) -> None:
    condition = Attr("a").lt(1) | Attr("b").exists()
    request = change_request(Change(KEY, assign=assign, add=add, remove=remove, when=condition))
    text = request["UpdateExpression"] + " " + request["ConditionExpression"]
    for separator in ",()":
        text = text.replace(separator, " ")
    used_names = {word for word in text.split() if word.startswith("#")}
    used_values = {word for word in text.split() if word.startswith(":")}
    assert used_names == set(request["ExpressionAttributeNames"])
    assert used_values == set(request["ExpressionAttributeValues"])


@given(st.lists(st.integers(), max_size=30), st.integers(1, 12))
def test_chunks_lose_nothing_and_are_never_too_large(things: list[int], size: int) -> None:
    parts = list(chunks(things, size))
    assert [thing for part in parts for thing in part] == things
    assert all(1 <= len(part) <= size for part in parts)
