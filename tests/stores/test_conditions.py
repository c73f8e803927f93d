"""Every condition has the same result on the fake and on the emulator."""

from typing import Any

import pytest

from chalicelib.aws.table import Attr, Change, Condition, Tables
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.keys import COUNTS, Key
from chalicelib.signatures.model import SignatureState

CONDITIONS: list[tuple[Condition, dict[str, Any] | None, bool]] = [
    (Attr("a").not_exists(), None, True),
    (Attr("a").not_exists(), {"b": 1}, True),
    (Attr("a").not_exists(), {"a": 1}, False),
    (Attr("a").exists(), None, False),
    (Attr("a").exists(), {"a": 1}, True),
    (Attr("a").eq("x"), {"a": "x"}, True),
    (Attr("a").eq("x"), {"a": "y"}, False),
    (Attr("a").eq("x"), None, False),
    (Attr("a").ne("x"), None, True),
    (Attr("a").ne("x"), {"b": 1}, True),
    (Attr("a").ne("x"), {"a": "x"}, False),
    (Attr("a").lt(5), {"a": 4}, True),
    (Attr("a").lt(5), {"a": 5}, False),
    (Attr("a").lt(5), None, False),
    (Attr("a").lt(5), {"b": 1}, False),
    (Attr("a").lte(5), {"a": 5}, True),
    (Attr("a").lte(5), {"a": 6}, False),
    (Attr("a").lte("2026-11-24T12:00:00Z"), {"a": "2026-11-24T12:00:00Z"}, True),
    (Attr("a").lte("2026-11-24T12:00:00Z"), {"a": "2026-11-24T12:00:01Z"}, False),
    (Attr("a").lt(5), {"a": "4"}, False),
    (Attr("a").lt("5"), {"a": 4}, False),
    (Attr("a").eq("4"), {"a": 4}, False),
    (Attr("a").eq(SignatureState.PENDING), {"a": "pending"}, True),
    (Attr("a").eq("pending"), {"a": SignatureState.PENDING}, True),
    (Attr("a").ne("pending"), {"a": SignatureState.PENDING}, False),
    (Attr("a").contains("x"), {"a": {"x", "y"}}, True),
    (Attr("a").contains("x"), {"a": {"y"}}, False),
    (Attr("a").contains("x"), None, False),
    (Attr("a").size().lt(2), {"a": {"x"}}, True),
    (Attr("a").size().lt(2), {"a": {"x", "y"}}, False),
    (Attr("a").size().lt(2), None, False),
    (Attr("a").size().gte(2), {"a": {"x", "y"}}, True),
    (Attr("a").size().gte(2), {"a": {"x"}}, False),
    (Attr("a").size().gte(2), None, False),
    (Attr("a").eq("x") & Attr("b").eq(1), {"a": "x", "b": 1}, True),
    (Attr("a").eq("x") & Attr("b").eq(1), {"a": "x", "b": 2}, False),
    (Attr("a").eq("x") | Attr("b").eq(1), {"a": "y", "b": 1}, True),
    (Attr("a").eq("x") | Attr("b").eq(1), {"a": "y", "b": 2}, False),
    (Attr("c").not_exists() | (Attr("a").eq("x") & Attr("b").lt(2)), {"c": 1, "a": "x", "b": 1}, True),
]


def test_every_condition_has_the_same_result_on_the_fake_and_on_the_emulator(tables: Tables) -> None:
    for number, (condition, item, holds) in enumerate(CONDITIONS):
        key = Key(COUNTS, "condition", str(number))
        if item is not None:
            tables.put(key, item)
        before = tables.get(key, consistent=True)
        change = Change(key, assign={"done": True}, when=condition)
        if holds:
            assert tables.update_and_read(change)["done"], condition.get_expression()
            continue
        with pytest.raises(ConditionFailed) as caught:
            tables.update(change)
        assert caught.value.item == before
        assert tables.get(key, consistent=True) == before
