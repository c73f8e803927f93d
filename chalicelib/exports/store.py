"""Exports in the counts table: numbers, no personal data. Each part is an attribute and is written once."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from chalicelib.aws.table import Attr, Change, Condition, Item, NewItem, Tables
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed, NotNow
from chalicelib.core.times import iso
from chalicelib.exports.model import PATIENCE, Export, Part, Result, State

PART = "part_"

_is_open = Attr("state").eq(State.WAITING) | Attr("state").eq(State.RUNNING)


def add(export: Export, tables: Tables) -> None:
    """Store a new export. Raise NotNow while another export of the petition runs."""
    guard = Attr("until").not_exists() | Attr("until").lt(int(export.moment.timestamp()))
    until = int((export.moment + PATIENCE).timestamp())
    lock = Change(keys.export_running(export.slug), {"export_id": export.export_id, "until": until}, when=guard)
    item = export.model_dump(exclude_none=True, exclude={"parts"})
    try:
        tables.transact([lock, NewItem(keys.export(export.export_id), item)])
    except ConditionFailed:
        raise NotNow("An export of this petition is already running.") from None


def find(export_id: str, tables: Tables) -> Export | None:
    item = tables.get(keys.export(export_id), consistent=True)
    return _export(item) if item and "state" in item else None


def newest_first(slug: str, tables: Tables) -> Iterator[Export]:
    items = tables.query(keys.COUNTS, keys.export_partition(slug), consistent=True, backwards=True)
    return (_export(item) for item in items if "state" in item)


def add_part(export: Export, bucket: str, part: Part, now: datetime, tables: Tables) -> Export:
    """Record a part, unless another worker has already recorded this bucket."""
    assign = {f"{PART}{bucket}": part.model_dump(), "state": State.RUNNING, "touched_at": iso(now)}
    return _changed(export, assign, _is_open & Attr(f"{PART}{bucket}").not_exists(), tables)


def finish(export: Export, result: Result, now: datetime, tables: Tables) -> Export:
    assign = {"state": State.DONE, "result": result.model_dump(), "touched_at": iso(now)}
    return _changed(export, assign, _is_open, tables, remove=("recipient_key",))


def fail(export: Export, why: str, now: datetime, tables: Tables) -> Export:
    assign = {"state": State.FAILED, "why": why, "touched_at": iso(now)}
    return _changed(export, assign, _is_open, tables, remove=("recipient_key",))


def release(export: Export, tables: Tables) -> None:
    """Let the next export run. Has no effect if it runs already."""
    mine = Attr("export_id").eq(export.export_id)
    tables.try_update(Change(keys.export_running(export.slug), remove=("until",), when=mine))


def _changed(
    export: Export, assign: Mapping[str, Any], when: Condition, tables: Tables, remove: tuple[str, ...] = ()
) -> Export:
    """Return the export as stored: with our change, or unchanged if the condition `when` failed."""
    try:
        return _export(tables.update_and_read(Change(keys.export(export.export_id), assign, remove=remove, when=when)))
    except ConditionFailed as failure:
        return _export(dict(failure.item or {}))


def _export(item: Item) -> Export:
    parts = {name.removeprefix(PART): value for name, value in item.items() if name.startswith(PART)}
    return Export.model_validate({**item, "parts": parts})
