"""Helpers for tests of exports: exports in any state, and a context to run them."""

import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from chalicelib.aws.bucket import Bucket
from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.formulas import original
from chalicelib.exports.gather import ExportContext
from chalicelib.exports.model import Export, ExportRequest, Result
from chalicelib.exports.request import find_export, prepared, start
from chalicelib.exports.run import run
from chalicelib.exports.write import BYTE_ORDER_MARK
from chalicelib.petitions.model import Petition
from tests.actors import NOW, Person, confirmed
from tests.fakes import FakeQueue

LATER = NOW + timedelta(minutes=1)


def a_result(**changes: Any) -> Result:
    fields: dict[str, Any] = {
        "rows": 2,
        "size": 100,
        "sha256": "ab" * 32,
        "file": "files/x/file",
        "cover": "files/x/cover",
        "unsure": 0,
        "gone": 0,
        "finished_at": NOW,
    }
    return Result.model_validate(fields | changes)


def an_export(**changes: Any) -> Export:
    fields: dict[str, Any] = {
        "export_id": "safe-children.20261124T120000Z-00000001",
        "slug": "safe-children",
        "format": "csv",
        "columns": ["name"],
        "moment": NOW,
        "counted": 2,
        "requested_by": "bob",
        "touched_at": NOW,
    }
    return Export.model_validate(fields | changes)


def kept(tables: Tables, export: Export) -> Export:
    """Store the export as the code would."""
    parts = {f"part_{bucket}": part.model_dump() for bucket, part in export.parts.items()}
    tables.put(keys.export(export.export_id), {**export.model_dump(exclude_none=True, exclude={"parts"}), **parts})
    return export


def asked_for(tables: Tables, petition: Petition, queue: FakeQueue | None = None, **fields: Any) -> Export:
    """Request an export as Bob, at NOW."""
    export = prepared(ExportRequest.model_validate(fields), petition, "bob", NOW, tables)
    start(export, queue or FakeQueue(), tables)
    return export


def a_desk(tables: Tables, bucket: Bucket, folder: Path) -> ExportContext:
    return ExportContext(tables, bucket, folder, lambda: LATER)


def worked_on(export: Export, context: ExportContext, has_time: Callable[[float], bool] = lambda _: True) -> Export:
    """Run the stored export, like the worker."""
    return run(find_export(export.export_id, context.tables), context, has_time)


def a_crowd(tables: Tables, petition: Petition, number: int) -> list[str]:
    """Confirm `number` signatures and return their names."""
    people = [Person(f"Person {each}", f"person{each}@mail.example") for each in range(number)]
    for person in people:
        confirmed(tables, petition, person, NOW - timedelta(hours=1))
    return [person.name for person in people]


def rows_of(content: bytes, form: str = "csv") -> list[dict[str, Any]]:
    """Read the file as docs/staff.md says."""
    text = content.decode()
    if form == "ndjson":
        return [json.loads(line) for line in text.splitlines()]
    assert text.startswith(BYTE_ORDER_MARK)
    rows = csv.DictReader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK), newline=""))
    return [{name: original(value) for name, value in row.items()} for row in rows]
