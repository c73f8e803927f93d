"""Transactions change everything or nothing, and name the write that failed."""

import pytest

from chalicelib.aws.table import Attr, Change, NewItem, Tables
from chalicelib.core.errors import ConditionFailed
from tests.stores.test_tables import KEY, OTHER_KEY, THIRD_KEY


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
