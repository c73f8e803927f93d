"""Store updates in the counts table."""

from collections.abc import Iterator
from typing import Any

from chalicelib.aws.table import Attr, Change, Item, NewItem, Tables
from chalicelib.core import keys
from chalicelib.updates.model import Update


def add(update: Update, tables: Tables) -> None:
    tables.put_new(NewItem(_key(update), update.model_dump(exclude_none=True)))


def find(slug: str, update_id: str, tables: Tables) -> Update | None:
    item = tables.get(keys.update(slug, update_id), consistent=True)
    return _update(item) if item else None


def newest_first(slug: str, tables: Tables) -> Iterator[Update]:
    return map(_update, tables.query(keys.COUNTS, keys.updates_partition(slug), backwards=True))


def change(update: Update, tables: Tables, **fields: Any) -> Update:
    """Store new values of these fields, and remove a field whose value is None. Return the update as stored.

    Raise ConditionFailed if the stored state is no longer the state of `update`. No other field is compared.
    """
    changed = Update.model_validate(update.model_dump() | fields)
    after = changed.model_dump(exclude_none=True)
    assign = {name: after[name] for name in fields if name in after}
    remove = [name for name in fields if name not in after]
    when = Attr("state").eq(update.state)
    item = tables.update_and_read(Change(_key(update), assign, remove=remove, when=when))
    return _update(item)


def _key(update: Update) -> keys.Key:
    return keys.update(update.slug, update.update_id)


def _update(item: Item) -> Update:
    fields = {name: value for name, value in item.items() if name not in ("pk", "sk")}
    return Update.model_validate(fields)
