"""Write signatures as CSV or as NDJSON, and encrypt a file for one recipient with age, in constant memory.

In CSV, no value is a formula that a spreadsheet would run (core/printable.py). pyrage is large and rarely needed, so it
is imported where it is used.
"""

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from chalicelib.core.errors import FieldError, Invalid
from chalicelib.core.printable import escape_formula
from chalicelib.core.sources import DIRECT
from chalicelib.exports.model import Column, Format

if TYPE_CHECKING:
    from pyrage.x25519 import Recipient


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


PRIVATE_MARKS = ("AGE-SECRET-KEY-", "PRIVATE KEY BLOCK", "PRIVATE KEY-----")


def recipient_of(pasted_key: str) -> str:
    """Raise Invalid; the error never repeats the pasted text, which may be a secret."""
    key = pasted_key.strip()
    if any(mark in key.upper() for mark in PRIVATE_MARKS):
        raise _invalid("This is a private key. We have not stored it, but it is no longer secret: make a new key")
    if not key.startswith("age1"):
        raise _invalid("Paste a public key: one that begins with age1")
    _parsed(key)
    return key


def encrypt(plain: Path, encrypted: Path, key: str) -> None:
    import pyrage

    pyrage.encrypt_file(str(plain), str(encrypted), [_parsed(key)])


def _parsed(key: str) -> "Recipient":
    import pyrage

    try:
        return pyrage.x25519.Recipient.from_str(key)
    except pyrage.RecipientError:
        raise _invalid("This is not a complete age public key (age1 and 58 more characters, no plugins)") from None


def _invalid(message: str) -> Invalid:
    return Invalid([FieldError("recipient", message)])
