"""The file of an import: store it, download it, and read its rows as CSV, in constant memory.

If a field has several columns, we join their values with a space.
"""

import csv
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO

from chalicelib.aws.bucket import Bucket
from chalicelib.core.errors import UnknownThing
from chalicelib.partners.imports.model import Shape

MAX_ROWS = 2_000_000
MAX_LINE_CHARS = 100_000
# A quoted cell may have any number of lines, so the limit of a line does not limit the cell.
MAX_CELL_CHARS = 10_000
MAX_COLUMNS = 500
MAX_UNUSED_HEADING_CHARS = 100
_WRONG_BYTE = re.compile("[\udc80-\udcff]")
_UTF8_LETTER = re.compile("[^\x00-\x7f\udc80-\udcff]")

# The first bytes. We do not unpack archives: a small archive may contain a huge file.
NOT_CSV = {
    b"PK\x03\x04": "a ZIP or Excel file",
    b"\x1f\x8b": "a gzip file",
    b"BZh": "a bzip2 file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"%PDF": "a PDF",
    # U+FFFD in UTF-8: a program has read the file as UTF-8, although it was not.
    b"\xef\xbf\xbd": "a file that was damaged on its way",
    b"7z\xbc\xaf": "a 7z file",
    b"Rar!": "a RAR file",
}
# The usual headings on other platforms. We compare them without case, spaces and punctuation.
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
    """The file cannot be read, or is not the one that was checked. The text is a sentence for staff."""


@dataclass
class JobFile:
    """A job's file in the bucket, and its copy at `path`.

    Staff may upload again with the same form, and so replace the file. Then a later run must not go on with it.
    """

    bucket: Bucket
    path: Path
    digest: str | None = None

    def download(self, key: str, checked_digest: str | None) -> Path:
        """Return the path of the copy, which the first call makes. Raise Unreadable if it is missing or another one.

        `checked_digest`: the SHA-256 of the file that the job checked. None: the job has not checked the file yet.
        """
        if self.digest is None:
            try:
                with self.path.open("wb") as file:
                    self.digest = self.bucket.copy_to(key, file)
            except UnknownThing as missing:
                raise Unreadable("The file was not uploaded, or is no longer there") from missing
        if checked_digest is not None and checked_digest != self.digest:
            raise Unreadable("The file was replaced after it was checked")
        return self.path


def file_key(slug: str, upload_id: str) -> str:
    return f"imports/{slug}.{upload_id}/file"


def delete_file(key: str, bucket: Bucket) -> None:
    folder, _, _ = key.rpartition("/")
    bucket.delete_under(f"{folder}/")


def store_file(key: str, content: bytes, content_type: str, bucket: Bucket) -> None:
    """Start the job before this call, so that a refused start leaves no file behind.

    The job does not read the file too early: START_DELAY (jobs/model.py) is longer than the request can take.
    """
    with TemporaryDirectory(prefix="job-") as folder:
        path = Path(folder) / "file"
        path.write_bytes(content)
        bucket.put_file(key, path, content_type)


def shape_of(path: Path, mapping: Mapping[str, Sequence[str]]) -> Shape:
    encoding = _encoding(path)
    first_line = _first_line(path, encoding)
    delimiter = max(",;\t|", key=first_line.count)  # The most frequent of these characters in the headings.
    headings = next(_rows(path, encoding, delimiter), [])
    columns = _columns(headings, mapping)
    return Shape(encoding=encoding, delimiter=delimiter, columns=columns, unused=_unused(headings, columns))


def count_rows(path: Path, shape: Shape) -> int:
    """Read the whole file, so that we refuse a broken file before we import any row."""
    number = 0
    for number, _ in enumerate(records(path, shape), 1):
        if number > MAX_ROWS:
            raise Unreadable(f"This file has more than {MAX_ROWS:,} rows. Split it")
    if not number:
        raise Unreadable("This file has no rows under its headings")
    return number


def records(path: Path, shape: Shape) -> Iterator[dict[str, str] | None]:
    """Yield the values of each row, by our fields. Yield None for a row with more or fewer cells than headings."""
    rows = _rows(path, shape.encoding, shape.delimiter)
    headings = next(rows, [])
    columns = shape.columns.items()
    indexes_of = {field: [headings.index(heading) for heading in names] for field, names in columns}
    for row in rows:
        if len(row) == len(headings):
            yield {field: _joined_cells(row, indexes) for field, indexes in indexes_of.items()}
        else:
            yield None


def _joined_cells(row: Sequence[str], indexes: Sequence[int]) -> str:
    cells = [row[index].strip() for index in indexes]
    return " ".join(cell for cell in cells if cell)


def _first_line(path: Path, encoding: str) -> str:
    with path.open(encoding=encoding, newline="") as file:
        try:
            return file.readline(MAX_LINE_CHARS)
        except UnicodeError as error:
            raise Unreadable("The text is damaged, or has mixed encodings") from error


def _rows(path: Path, encoding: str, delimiter: str) -> Iterator[list[str]]:
    """Yield the headings, then the rows. Skip empty rows, and Excel's line with the delimiter."""
    csv.field_size_limit(MAX_CELL_CHARS)
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(_lines(file), delimiter=delimiter, strict=True)
        excel_cells = ("sep=", f"sep={delimiter}")  # First cells of Excel's sep=; (split at ;) and "sep=;" (whole).
        try:
            for row in reader:
                if any(row) and not (reader.line_num == 1 and row[0].lower() in excel_cells):
                    yield row
        except csv.Error as error:
            raise Unreadable(f"Line {reader.line_num} cannot be read: {error}") from error
        except UnicodeError as error:
            raise Unreadable(f"The text after line {reader.line_num} is damaged, or has mixed encodings") from error


def _lines(file: TextIO) -> Iterator[str]:
    """If a line is too long, raise csv.Error: `_rows` adds the line's number to the message."""
    while line := file.readline(MAX_LINE_CHARS + 1):
        if len(line) > MAX_LINE_CHARS:
            raise csv.Error(f"it has more than {MAX_LINE_CHARS:,} characters")
        yield line


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(4096)
    for magic, description in NOT_CSV.items():
        if start.startswith(magic):
            raise Unreadable(f"This is {description}. Save it as CSV, and send that")
    if start.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in start:
        # In UTF-16, one of a Latin letter's two bytes is zero: the second in little-endian.
        is_little_endian = start[1::2].count(0) >= start[::2].count(0)
        return "utf-16-le" if is_little_endian else "utf-16-be"
    encoding = _utf8_or_windows(path)
    return "utf-8-sig" if start.startswith(BOM_UTF8) else encoding


def _utf8_or_windows(path: Path) -> str:
    """Raise Unreadable if only some letters are UTF-8: as Windows' encoding, Zoë would become ZoÃ«."""
    wrong_line, has_utf8 = 0, False
    # Each byte that is not UTF-8 becomes one of the characters U+DC80 to U+DCFF.
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        for number, line in enumerate(iter(lambda: file.readline(MAX_LINE_CHARS), ""), 1):
            if not wrong_line and _WRONG_BYTE.search(line):
                wrong_line = number
            has_utf8 = has_utf8 or _UTF8_LETTER.search(line) is not None
            if wrong_line and has_utf8:
                why = "is not in UTF-8, but other lines are. Save the whole file in one encoding, and send that"
                raise Unreadable(f"Line {wrong_line} {why}")
    return "cp1252" if wrong_line else "utf-8"


def _columns(headings: Sequence[str], mapping: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    if len(headings) > MAX_COLUMNS:
        raise Unreadable(f"This file has more than {MAX_COLUMNS} columns")
    usual = {field: _usual_heading(field, headings) for field in HEADINGS}
    mapped = {field: [*field_headings] for field, field_headings in mapping.items()}
    usual_or_mapped = usual | mapped  # For a field that is in both, the headings of `mapping`.
    columns = {field: field_headings for field, field_headings in usual_or_mapped.items() if field_headings}
    used = [heading for field_headings in columns.values() for heading in field_headings]
    missing = [heading for heading in used if heading not in headings]
    if missing:
        raise Unreadable(f"There is no column “{missing[0]}”")
    twice = [heading for heading in used if headings.count(heading) > 1]
    if twice:
        raise Unreadable(f"There are two columns “{twice[0]}”. Rename one of them")
    return _with_whole_name(columns)


def _unused(headings: Sequence[str], columns: Mapping[str, Sequence[str]]) -> list[str]:
    used = {heading for field_headings in columns.values() for heading in field_headings}
    unused = [heading for heading in headings if heading.strip() and heading not in used]
    return [heading[:MAX_UNUSED_HEADING_CHARS] for heading in unused]


def _with_whole_name(columns: dict[str, list[str]]) -> dict[str, list[str]]:
    """Use the given and family names as the name, unless a column has the whole name."""
    parts = [*columns.pop("given_name", []), *columns.pop("family_name", [])]
    if parts:
        columns.setdefault("name", parts)
    for field in ("email", "name"):
        if field not in columns:
            raise Unreadable(f"No column has a heading like “{field}”. Say which one it is in the mapping")
    return columns


def _usual_heading(field: str, headings: Sequence[str]) -> list[str]:
    plain_names = [re.sub(r"[^a-z0-9]", "", heading.casefold()) for heading in headings]
    for usual_name in HEADINGS[field]:
        if usual_name in plain_names:
            return [headings[plain_names.index(usual_name)]]
    return []
