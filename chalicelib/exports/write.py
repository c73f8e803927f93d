"""Signatures as lines of a file: CSV that no spreadsheet will calculate, or NDJSON.

In CSV a value whose first sign, after any apostrophes, could begin a formula is given one apostrophe more
(OWASP, "CSV Injection"). To undo it, take one apostrophe from a value that begins with some and then such a sign.
"""

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TextIO

from chalicelib.core.formulas import harmless
from chalicelib.core.sources import DIRECT
from chalicelib.exports.model import Column, Format

# Without it Excel takes UTF-8 for the alphabet of its own country.
BYTE_ORDER_MARK = "\ufeff"

Write = Callable[[Mapping[str, Any]], None]


def writer(form: Format, columns: Sequence[Column], file: TextIO) -> Write:
    """A function that writes one signature as one line."""
    if form is Format.NDJSON:
        encode = json.JSONEncoder(ensure_ascii=False).encode
        return lambda item: _write(file, encode({column.value: value_of(column, item) for column in columns}))
    # All quoted: where commas are decimal, spreadsheets split at semicolons, and a formula could follow one.
    rows = csv.writer(file, quoting=csv.QUOTE_ALL)
    return lambda item: _write_row(rows, [harmless(value_of(column, item) or "") for column in columns])


def heading(form: Format, columns: Sequence[Column]) -> str:
    return "" if form is Format.NDJSON else f"{BYTE_ORDER_MARK}{','.join(columns)}\r\n"


def value_of(column: Column, item: Mapping[str, Any]) -> str | None:
    """As confirmed; None for a postcode that was not given."""
    found: str | None = item.get(column.value)
    return found or (DIRECT if column is Column.SOURCE else None)


def _write(file: TextIO, line: str) -> None:
    file.write(line)
    file.write("\n")


def _write_row(rows: Any, values: list[str]) -> None:
    rows.writerow(values)
