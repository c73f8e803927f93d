"""The table: conditions, transactions and types. The fake must behave like DynamoDB."""

from datetime import timedelta

import pytest

from chalicelib.aws.table import Attr, Change, NewItem, Tables
from chalicelib.core import times
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.keys import COUNTS, SIGNATURES, Key

KEY, OTHER_KEY, THIRD_KEY = Key(COUNTS, "p", "s"), Key(SIGNATURES, "q", "t"), Key(COUNTS, "p", "u")


def test_put_new_keeps_the_first_item_and_returns_it_to_the_second_caller(tables: Tables) -> None:
    tables.put_new(NewItem(KEY, {"who": "first"}))
    with pytest.raises(ConditionFailed) as caught:
        tables.put_new(NewItem(KEY, {"who": "second"}))
    assert caught.value.item == {"pk": "p", "sk": "s", "who": "first"}
    assert tables.get(KEY, consistent=True) == caught.value.item


def test_an_item_keeps_its_types(tables: Tables) -> None:
    item = {"text": "é", "none_left": 0, "big": 10**20, "yes": True, "set": {"a", "b"}, "list": ["a", 1], "empty": ""}
    tables.put(KEY, item)
    found = tables.get(KEY, consistent=True)
    assert found == {"pk": "p", "sk": "s", **item}
    assert type(found["none_left"]) is int


def test_put_replaces_the_whole_item(tables: Tables) -> None:
    tables.put(KEY, {"a": 1})
    tables.put(KEY, {"b": 2})
    assert tables.get(KEY, consistent=True) == {"pk": "p", "sk": "s", "b": 2}


def test_an_update_creates_an_absent_item_and_keeps_other_attributes(tables: Tables) -> None:
    created = tables.update_and_read(Change(KEY, assign={"a": 1}))
    assert created == {"pk": "p", "sk": "s", "a": 1}
    changed = tables.update_and_read(Change(KEY, assign={"b": 2}, remove=("a", "nothing")))
    assert changed == {"pk": "p", "sk": "s", "b": 2}


def test_try_update_returns_whether_the_condition_held(tables: Tables) -> None:
    first = Change(KEY, assign={"a": 1}, when=Attr("a").not_exists())
    assert tables.try_update(first)
    assert not tables.try_update(first)
    assert tables.get(KEY, consistent=True) == {"pk": "p", "sk": "s", "a": 1}


def test_add_starts_from_zero_or_an_empty_set(tables: Tables) -> None:
    tables.update(Change(KEY, add={"n": 2, "set": {"a"}}))
    changed = tables.update_and_read(Change(KEY, add={"n": -5, "set": {"a", "b"}}))
    assert changed["set"] == {"a", "b"}
    item = tables.get(KEY, consistent=True) or {}
    assert item["n"] == -3


def test_a_batch_returns_the_items_that_exist(tables: Tables) -> None:
    keys = [Key(COUNTS, f"p{number}", "s") for number in range(130)]
    for key in keys[::2]:
        tables.put(key, {"n": 1})
    found = tables.batch_get(keys, consistent=True)
    assert {item["pk"] for item in found} == {key.pk for key in keys[::2]}
    assert sum(item["n"] for item in found) == 65
    assert tables.batch_get([]) == []


def test_a_query_is_sorted_and_includes_its_bounds(tables: Tables) -> None:
    for sk in ("DAY#2026-11-26", "DAY#2026-11-24", "HEAD", "DAY#2026-11-25"):
        tables.put(Key(COUNTS, "p", sk), {})
    tables.put(Key(COUNTS, "other", "DAY#2026-11-25"), {})
    between = ("DAY#2026-11-24", "DAY#2026-11-25")
    assert [item["sk"] for item in tables.query(COUNTS, "p", between)] == list(between)
    found = [item["sk"] for item in tables.query(COUNTS, "p")]
    assert found == ["DAY#2026-11-24", "DAY#2026-11-25", "DAY#2026-11-26", "HEAD"]
    assert list(tables.query(COUNTS, "nothing")) == []


def test_a_query_can_read_only_some_attributes(tables: Tables) -> None:
    tables.put(Key(COUNTS, "p", "s"), {"state": "confirmed", "name": "Alice"})
    tables.put(Key(COUNTS, "p", "t"), {"name": "Bob"})
    found = list(tables.query(COUNTS, "p", consistent=True, only=("state", "source")))
    assert found == [{"state": "confirmed"}, {}]


def test_a_query_reads_all_pages(tables: Tables) -> None:
    names = [f"{number:02}" for number in range(12)]
    for name in names:
        tables.put(Key(COUNTS, "p", name), {"filling": "x" * 150_000})
    found = [item["sk"] for item in tables.query(COUNTS, "p", consistent=True)]
    assert found == names


def test_a_page_returns_some_attributes_and_the_position_to_continue(tables: Tables) -> None:
    for number in range(5):
        tables.put(Key(SIGNATURES, "p", f"s{number}"), {"n": number, "secret": "x"})
    tables.put(Key(SIGNATURES, "q", "s9"), {"n": 9})
    even = Attr("n").eq(0) | Attr("n").eq(2) | Attr("n").eq(4)
    position: str | None = ""
    numbers: list[int] = []
    while position is not None:
        found, position = tables.page(Key(SIGNATURES, "p", position), ("pk", "sk", "n"), even, 2)
        assert len(found) <= 2
        for item in found:
            assert item.keys() == {"pk", "sk", "n"}
            numbers.append(item["n"])
    assert numbers == [0, 2, 4]


def test_a_transaction_applies_every_write(tables: Tables) -> None:
    tables.put(KEY, {"n": 1})
    tables.transact([Change(KEY, add={"n": 1}), NewItem(OTHER_KEY, {"a": 1}), Change(THIRD_KEY, assign={"b": 1})])
    for key, name in ((KEY, "n"), (OTHER_KEY, "a"), (THIRD_KEY, "b")):
        item = tables.get(key, consistent=True) or {}
        assert item.keys() - {"pk", "sk"} == {name}


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_a_failed_transaction_changes_nothing_and_names_the_failed_write(tables: Tables, failing: int) -> None:
    tables.put(KEY, {"n": 1})
    is_not_done = Attr("done").not_exists()
    writes = [Change(key, assign={"done": True}, when=is_not_done) for key in (KEY, OTHER_KEY, THIRD_KEY)]
    tables.update(Change(writes[failing].key, assign={"done": True}))
    before = [tables.get(write.key, consistent=True) for write in writes]
    with pytest.raises(ConditionFailed) as caught:
        tables.transact(writes)
    assert (caught.value.index, caught.value.item) == (failing, before[failing])
    assert [tables.get(write.key, consistent=True) for write in writes] == before


def test_an_existing_new_item_fails_the_whole_transaction(tables: Tables) -> None:
    tables.put(OTHER_KEY, {"a": 1})
    with pytest.raises(ConditionFailed) as caught:
        tables.transact([Change(KEY, add={"n": 1}), NewItem(OTHER_KEY, {"a": 2})])
    assert caught.value.index == 1
    assert caught.value.item is not None
    assert caught.value.item["a"] == 1
    assert tables.get(KEY, consistent=True) is None


@pytest.mark.flows
def test_an_answer_of_the_emulator_has_a_time(emulator_tables: Tables) -> None:
    emulator_tables.batch_get([KEY])
    assert emulator_tables.answered_at is not None
    assert abs(emulator_tables.answered_at - times.now()) < timedelta(minutes=1)
