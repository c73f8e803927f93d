"""Write signatures as CSV or as NDJSON. In CSV, no value is a formula for a spreadsheet (core/printable.py)."""

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TextIO

from chalicelib.core.printable import escape_formula
from chalicelib.core.sources import DIRECT
from chalicelib.exports.model import Column, Format

# Without it, Excel reads the file in the computer's local encoding instead of UTF-8.
BYTE_ORDER_MARK = "\ufeff"

WriteSignature = Callable[[Mapping[str, Any]], None]


def writer(file_format: Format, columns: Sequence[Column], file: TextIO) -> WriteSignature:
    if file_format is Format.NDJSON:
        return _ndjson_writer(columns, file)
    return _csv_writer(columns, file)


def _ndjson_writer(columns: Sequence[Column], file: TextIO) -> WriteSignature:
    encode = json.JSONEncoder(ensure_ascii=False).encode

    def write(item: Mapping[str, Any]) -> None:
        values = {column.value: value_of(column, item) for column in columns}
        file.write(encode(values))
        file.write("\n")

    return write


def _csv_writer(columns: Sequence[Column], file: TextIO) -> WriteSignature:
    # In countries with a decimal comma, spreadsheets also split values at semicolons, and a formula could follow one.
    csv_writer = csv.writer(file, quoting=csv.QUOTE_ALL)

    def write(item: Mapping[str, Any]) -> None:
        values = [value_of(column, item) or "" for column in columns]
        csv_writer.writerow([escape_formula(value) for value in values])

    return write


def heading(file_format: Format, columns: Sequence[Column]) -> str:
    """NDJSON has no such line."""
    return "" if file_format is Format.NDJSON else f"{BYTE_ORDER_MARK}{','.join(columns)}\r\n"


def value_of(column: Column, item: Mapping[str, Any]) -> str | None:
    """For a missing source, return DIRECT."""
    value: str | None = item.get(column.value)
    if column is Column.SOURCE:
        return value or DIRECT  # DIRECT: the person did not come by a link with `?source=`.
    return value or None
