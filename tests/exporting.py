"""Helpers for tests of exports: exports in any state, and a context to run them."""

import csv
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from chalicelib.aws.bucket import Bucket
from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.printable import FORMULA
from chalicelib.exports.model import Export, ExportRequest, Result, new_export
from chalicelib.exports.run import ExportContext, ExportWork
from chalicelib.exports.write import BYTE_ORDER_MARK
from chalicelib.jobs.model import HasTime
from chalicelib.jobs.request import find_job, start
from chalicelib.jobs.run import run
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
        "job_id": "safe-children.20261124T120000Z-00000001",
        "requested_by": "bob",
        "requested_at": NOW,
        "touched_at": NOW,
        "expected": 2,
        "format": "csv",
        "columns": ["name"],
    }
    return Export.model_validate(fields | changes)


def store_export(tables: Tables, export: Export) -> Export:
    """Store the export as the code does, and return it."""
    tables.put(keys.job(export.kind, export.job_id), export.model_dump(exclude_none=True))
    return export


def request_export(tables: Tables, petition: Petition, queue: FakeQueue | None = None, **fields: Any) -> Export:
    """Request an export as Bob, at NOW, and return it."""
    export = new_export(ExportRequest.model_validate(fields), petition, "bob", NOW, tables)
    start(export, queue or FakeQueue(), tables)
    return export


def an_export_context(tables: Tables, bucket: Bucket, folder: Path) -> ExportContext:
    return ExportContext(tables, bucket, folder, lambda: LATER)


def run_stored_export(export: Export, context: ExportContext, has_time: HasTime = lambda _: True) -> Export:
    """Run the stored export as the worker does, and return it as stored then."""
    stored = find_job(Export, export.job_id, context.tables)
    return run(stored, ExportWork(context), has_time, context.clock, context.tables)


def confirm_crowd(tables: Tables, petition: Petition, number: int) -> list[str]:
    """Confirm `number` signatures and return their names."""
    people = [Person(f"Person {each}", f"person{each}@mail.example") for each in range(number)]
    for person in people:
        confirmed(tables, petition, person, NOW - timedelta(hours=1))
    return [person.name for person in people]


def original(value: str) -> str:
    """Reverse `escape_formula`."""
    is_escaped = value.startswith("'") and FORMULA.match(value)
    return value[1:] if is_escaped else value


def rows_of(content: bytes, form: str = "csv") -> list[dict[str, Any]]:
    """Read the file as docs/staff.md says."""
    text = content.decode()
    if form == "ndjson":
        return [json.loads(line) for line in text.splitlines()]
    assert text.startswith(BYTE_ORDER_MARK)
    file = io.StringIO(text.removeprefix(BYTE_ORDER_MARK), newline="")
    rows: list[dict[str, Any]] = []
    for row in csv.DictReader(file):
        rows.append({name: original(value) for name, value in row.items()})
    return rows
