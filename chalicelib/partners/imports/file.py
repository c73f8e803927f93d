"""Read a partner's CSV row by row, in constant memory. A file that cannot be read raises Unreadable."""

import csv
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from chalicelib.partners.imports.model import Shape

MOST_ROWS = 2_000_000
# A quoted cell may have several lines, so cells have a limit of their own.
MAX_LINE_CHARS, MAX_CELL_CHARS, MOST_COLUMNS = 100_000, 10_000, 500
MAX_UNUSED_HEADING_CHARS = 100
BLOCK_CHARS = 1024 * 1024

# The first bytes of files that are not CSV. We unpack none: a small packed file could become an endless one.
NOT_CSV = {
    b"PK\x03\x04": "a ZIP or Excel file",
    b"\x1f\x8b": "a gzip file",
    b"BZh": "a bzip2 file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"%PDF": "a PDF",
    # U+FFFD: a program has read the file as UTF-8, although it was not UTF-8.
    b"\xef\xbf\xbd": "a file that was damaged on its way",
    b"7z\xbc\xaf": "a 7z file",
    b"Rar!": "a RAR file",
}
# Headings that other platforms use, by our field. Compared without case, spaces and punctuation.
HEADINGS = {
    "identifier": ("identifier", "id", "uuid", "externalid", "signatureid"),
    "email": ("email", "emailaddress", "mail"),
    "name": ("name", "fullname"),
    "given_name": ("givenname", "firstname", "forename"),
    "family_name": ("familyname", "lastname", "surname"),
    "country": ("country", "countrycode"),
    "postcode": ("postcode", "zipcode", "zip", "postalcode"),
    "obtained_at": ("obtainedat", "signedat", "createdat", "signedon", "date", "can2subscriptiondate"),
    "updates": ("updates",),
}


class Unreadable(Exception):
    """The file cannot be read. The text is a sentence for staff."""


def shape_of(path: Path, mapping: Mapping[str, Sequence[str]]) -> Shape:
    """Return how to read the file. `mapping`: headings by our field. Other fields are found by their usual headings."""
    encoding = _encoding(path)
    delimiter = max(",;\t|", key=_first_line(path, encoding).count)
    headings = next(_rows(path, encoding, delimiter), [])
    columns = _columns(headings, mapping)
    return Shape(encoding=encoding, delimiter=delimiter, columns=columns, unused=_unused(headings, columns))


def count_rows(path: Path, shape: Shape) -> int:
    """Read the whole file and return its number of rows, so that a broken file is refused before any row is taken."""
    number = 0
    for number, _ in enumerate(records(path, shape), 1):
        if number > MOST_ROWS:
            raise Unreadable(f"This file has more than {MOST_ROWS:,} rows. Split it")
    if not number:
        raise Unreadable("This file has no rows under its headings")
    return number


def records(path: Path, shape: Shape) -> Iterator[dict[str, str] | None]:
    """Yield each row as values by our field. Yield None for a row with more or fewer cells than headings."""
    rows = _rows(path, shape.encoding, shape.delimiter)
    headings = next(rows, [])
    columns = {field: [headings.index(name) for name in names] for field, names in shape.columns.items()}
    for row in rows:
        if len(row) != len(headings):
            yield None
            continue
        cells = [cell.strip() for cell in row]
        yield {field: " ".join(filter(None, (cells[index] for index in indexes))) for field, indexes in columns.items()}


def _first_line(path: Path, encoding: str) -> str:
    with path.open(encoding=encoding, newline="") as file:
        try:
            return file.readline(MAX_LINE_CHARS)
        except UnicodeError as error:
            raise Unreadable("The text is damaged, or has mixed encodings") from error


def _rows(path: Path, encoding: str, delimiter: str) -> Iterator[list[str]]:
    """Yield the rows that are not empty. Raise Unreadable."""
    csv.field_size_limit(MAX_CELL_CHARS)
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(_lines(file), delimiter=delimiter, strict=True)
        try:
            yield from (row for row in reader if any(row))
        except csv.Error as error:
            raise Unreadable(f"Line {reader.line_num} cannot be read: {error}") from error
        except UnicodeError as error:
            raise Unreadable(f"The text after line {reader.line_num} is damaged, or has mixed encodings") from error


def _lines(file: TextIO) -> Iterator[str]:
    while line := file.readline(MAX_LINE_CHARS + 1):
        if len(line) > MAX_LINE_CHARS:
            raise csv.Error(f"it has more than {MAX_LINE_CHARS:,} characters")
        yield line


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(4096)
    for magic, what in NOT_CSV.items():
        if start.startswith(magic):
            raise Unreadable(f"This is {what}. Save it as CSV, and send that")
    if start.startswith(BOM_UTF8):
        return "utf-8-sig"
    if start.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in start:
        # In UTF-16, each Latin letter has a zero byte: after it in little-endian, before it in big-endian.
        is_little_endian = start[1::2].count(0) >= start[::2].count(0)
        return "utf-16-le" if is_little_endian else "utf-16-be"
    return "utf-8" if _is_utf8(path) else "cp1252"


def _is_utf8(path: Path) -> bool:
    with path.open(encoding="utf-8", newline="") as file:
        try:
            while file.read(BLOCK_CHARS):
                pass
        except UnicodeDecodeError:
            return False
    return True


def _columns(headings: Sequence[str], mapping: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return the headings to read for each of our fields. Raise Unreadable if one is missing or occurs twice."""
    if len(headings) > MOST_COLUMNS:
        raise Unreadable(f"This file has more than {MOST_COLUMNS} columns")
    usual = {field: _usual_heading(field, headings) for field in HEADINGS}
    chosen = {field: [*names] for field, names in mapping.items()}
    columns = {field: names for field, names in (usual | chosen).items() if names}
    used = [name for names in columns.values() for name in names]
    missing = [name for name in used if name not in headings]
    if missing:
        raise Unreadable(f"There is no column “{missing[0]}”")
    twice = [name for name in used if headings.count(name) > 1]
    if twice:
        raise Unreadable(f"There are two columns “{twice[0]}”. Rename one of them")
    return _join_names(columns)


def _unused(headings: Sequence[str], columns: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the headings whose columns are not read, short enough to be stored with the import."""
    used = {name for names in columns.values() for name in names}
    return [name[:MAX_UNUSED_HEADING_CHARS] for name in headings if name.strip() and name not in used]


def _join_names(columns: dict[str, list[str]]) -> dict[str, list[str]]:
    """Join given and family name to one name. Raise Unreadable without a column of names or of addresses."""
    parts = [*columns.pop("given_name", []), *columns.pop("family_name", [])]
    if parts:
        columns.setdefault("name", parts)
    for field in ("email", "name"):
        if field not in columns:
            raise Unreadable(f"No column has a heading like “{field}”. Say which one it is in the mapping")
    return columns


def _usual_heading(field: str, headings: Sequence[str]) -> list[str]:
    """Return a list of one heading, the one with the first usual name of the field; or an empty list."""
    by_plain_name = {re.sub(r"[^a-z0-9]", "", each.casefold()): each for each in reversed(headings)}
    return next(([by_plain_name[name]] for name in HEADINGS[field] if name in by_plain_name), [])
