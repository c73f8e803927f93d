"""The lines of an exported file. A spreadsheet runs no formulas in them."""

import csv
import io
import json
from typing import Any

from chalicelib.exports.model import DEFAULT_COLUMNS, Column, Format
from chalicelib.exports.write import heading, value_of, writer

ALICES_ITEM: dict[str, Any] = {
    "name": 'Alice, "Al" O\'Neill',
    "postcode": "SW1A 1AA",
    "country": "GB",
    "email": "alice@mail.example",
    "confirmed_at": "2026-11-24T12:00:00Z",
    "signed_at": "2026-11-24T11:00:00Z",
    "text_version": "abc",
}


def file_content(form: Format, columns: tuple[Column, ...], *items: dict[str, Any]) -> str:
    file = io.StringIO(newline="")
    write = writer(form, columns, file)
    for item in items:
        write(item)
    return file.getvalue()


def test_an_ndjson_row_is_one_line_and_keeps_every_script() -> None:
    line = file_content(Format.NDJSON, (Column.NAME,), {"name": "अनीता\u2028李"})
    assert json.loads(line) == {"name": "अनीता\u2028李"}
    assert "अनीता" in line
    assert line.count("\n") == 1


def test_missing_values_are_empty_and_a_missing_source_is_direct() -> None:
    line = file_content(Format.CSV, (Column.NAME, Column.POSTCODE, Column.SOURCE), {"name": "A"})
    assert line == '"A","","direct"\r\n'
    line = file_content(Format.NDJSON, (Column.POSTCODE, Column.SOURCE), {"name": "A"})
    assert json.loads(line) == {"postcode": None, "source": "direct"}


def test_csv_starts_with_a_byte_order_mark_and_the_column_names() -> None:
    assert heading(Format.CSV, DEFAULT_COLUMNS) == "\ufeffname,postcode,country,confirmed_at\r\n"
    assert heading(Format.NDJSON, DEFAULT_COLUMNS) == ""


def test_no_column_has_the_email_address() -> None:
    values = [value_of(column, ALICES_ITEM) for column in Column]
    assert ALICES_ITEM["email"] not in values


def test_no_cell_after_a_semicolon_begins_with_a_formula() -> None:
    file = io.StringIO()
    writer(Format.CSV, [Column.NAME, Column.COUNTRY], file)({"name": "Ann;=1+1;x", "country": "GB"})
    (cells,) = csv.reader([file.getvalue()], delimiter=";")
    assert not [cell for cell in cells if cell.startswith("=")]
