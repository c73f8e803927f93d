"""Every condition has the same result on the fake and on the emulator."""

from uuid import uuid4

import pytest

from chalicelib.aws.table import Attr, Change, Condition, Item, Tables
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.keys import COUNTS, Key
from chalicelib.signatures.model import SignatureState

NOON, AFTER_NOON = "2026-11-24T12:00:00Z", "2026-11-24T12:00:01Z"
# Each condition with the items for which it holds, and those for which it does not. None: there is no item.
CONDITIONS: list[tuple[Condition, list[Item | None], list[Item | None]]] = [
    (Attr("a").not_exists(), [None, {"b": 1}], [{"a": 1}]),
    (Attr("a").exists(), [{"a": 1}], [None]),
    (Attr("a").eq("x"), [{"a": "x"}], [{"a": "y"}, None]),
    (Attr("a").ne("x"), [None, {"b": 1}], [{"a": "x"}]),
    (Attr("a").lt(5), [{"a": 4}], [{"a": 5}, None, {"b": 1}, {"a": "4"}]),
    (Attr("a").lte(5), [{"a": 5}], [{"a": 6}]),
    (Attr("a").lte(NOON), [{"a": NOON}], [{"a": AFTER_NOON}]),
    (Attr("a").lt("5"), [], [{"a": 4}]),
    (Attr("a").eq("4"), [], [{"a": 4}]),
    (Attr("a").eq(SignatureState.PENDING), [{"a": "pending"}], []),
    (Attr("a").eq("pending"), [{"a": SignatureState.PENDING}], []),
    (Attr("a").ne("pending"), [], [{"a": SignatureState.PENDING}]),
    (Attr("a").contains("x"), [{"a": {"x", "y"}}], [{"a": {"y"}}, None]),
    (Attr("a").size().lt(2), [{"a": {"x"}}], [{"a": {"x", "y"}}, None]),
    (Attr("a").size().gte(2), [{"a": {"x", "y"}}], [{"a": {"x"}}, None]),
    (Attr("a").eq("x") & Attr("b").eq(1), [{"a": "x", "b": 1}], [{"a": "x", "b": 2}]),
    (Attr("a").eq("x") | Attr("b").eq(1), [{"a": "y", "b": 1}], [{"a": "y", "b": 2}]),
    (Attr("c").not_exists() | (Attr("a").eq("x") & Attr("b").lt(2)), [{"c": 1, "a": "x", "b": 1}], []),
]


def test_every_condition_has_the_same_result_on_the_fake_and_on_the_emulator(tables: Tables) -> None:
    for condition, holding, failing in CONDITIONS:
        for item in holding:
            assert tables.update_and_read(changed_if(condition, item, tables))["done"], (condition, item)
        for item in failing:
            change = changed_if(condition, item, tables)
            before = tables.get(change.key, consistent=True)
            with pytest.raises(ConditionFailed) as caught:
                tables.update(change)
            assert caught.value.item == before
            assert tables.get(change.key, consistent=True) == before


def changed_if(condition: Condition, item: Item | None, tables: Tables) -> Change:
    """Store the item under a new key, and return a change of it that has this condition."""
    key = Key(COUNTS, "condition", uuid4().hex)
    if item is not None:
        tables.put(key, item)
    return Change(key, assign={"done": True}, when=condition)
