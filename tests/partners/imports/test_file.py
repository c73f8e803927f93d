"""Files as partners send them: encodings, delimiters, headings. A file that cannot be read is refused with a reason."""

import io
import zipfile
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from chalicelib.core.errors import Invalid
from chalicelib.core.times import iso
from chalicelib.partners.imports import file as file_module
from chalicelib.partners.imports.file import Unreadable, count_rows, records, shape_of
from chalicelib.partners.imports.rows import read_row
from tests.actors import NOW
from tests.fakes import FakeTables
from tests.partnering import a_partner

LONDON = ZoneInfo("Europe/London")
TEXT = "Email;First name;Last name;Signed on\r\nzoe@mail.example;Zoë;O'Neill;24/11/2026\r\n"


def write_file(folder: Path, content: bytes) -> Path:
    path = folder / "file"
    path.write_bytes(content)
    return path


EXCELS_LINES = [f"{line}\r\n{TEXT}" for line in ("sep=;", "SEP=;", '"sep=;"')]  # They name the delimiter.


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("text", [TEXT, TEXT.replace(";", ","), TEXT.replace(";", "\t"), *EXCELS_LINES])
def test_encodings_and_delimiters_are_found(tmp_path: Path, encoding: str, text: str) -> None:
    path = write_file(tmp_path, text.encode(encoding))
    shape = shape_of(path, {})
    [record] = records(path, shape)
    assert record == {"email": "zoe@mail.example", "name": "Zoë O'Neill", "obtained_at": "24/11/2026"}
    assert count_rows(path, shape) == 1


def test_columns_that_are_not_used_are_named(tmp_path: Path) -> None:
    path = write_file(tmp_path, b"Email,First name,Last name,Newsletter,\na@mail.example,A,B,yes,\n")
    assert shape_of(path, {}).unused == ["Newsletter"]
    assert shape_of(path, {"updates": ["Newsletter"]}).unused == []


def a_zip_file() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.csv", b"0" * 1_000_000)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "No column"),
        (b"email,name\n", "no rows"),
        (b"first,second\n1,2\n", "No column has a heading like"),
        (b"email,Email,name\na@b.example,b@b.example,A\n", ""),
        (b"email,name,name,x,x\na@b.example,A,B,1,2\n", "two columns"),
        (b"email,name\n" + b'a@b.example,"open\n' * 3, "cannot be read"),
        (b'email,name\na@b.example,"A"B\n', "cannot be read"),
        (b"email,name\n" + b"a" * 200_000, "cannot be read"),
        (b"email,name\na@b.example," + b"a" * 20_000, "cannot be read"),
        (b"\xff\xfee\x00m\x00a\x00i\x00l\x00,\x00n\x00a\x00m\x00e\x00\n\x00a\x00\x00\xd8,\x00a\x00\n\x00", "damaged"),
        (a_zip_file(), "ZIP or Excel"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"%PDF-1.4", "PDF"),
    ],
)
def test_an_unreadable_file_is_refused_as_a_whole(tmp_path: Path, content: bytes, why: str) -> None:
    path = write_file(tmp_path, content)
    if not why:
        assert shape_of(path, {}).columns["email"] == ["email"]
        return
    with pytest.raises(Unreadable, match=why):
        count_rows(path, shape_of(path, {}))


UTF8, WINDOWS = "a@mail.example,Zoë Müller\n".encode(), "b@mail.example,Zoë Müller\n".encode("cp1252")


@pytest.mark.parametrize(
    ("lines", "wrong_line"),
    [
        ([UTF8, WINDOWS, WINDOWS], 3),
        ([WINDOWS, b"c@mail.example,C\n" * 100_000, UTF8], 2),
        ([b'c@mail.example,"C\nD"\n', UTF8.replace(b"\n", b"\r"), WINDOWS], 5),
        ([b"\xef\xbb\xbf", WINDOWS], 1),
    ],
)
def test_a_file_that_mixes_encodings_is_refused_with_the_first_line_that_is_not_utf8(
    tmp_path: Path, lines: list[bytes], wrong_line: int
) -> None:
    headings = b"" if lines[0].startswith(b"\xef") else b"email,name\n"
    path = write_file(tmp_path, headings + b"".join(lines))
    with pytest.raises(Unreadable, match=f"^Line {wrong_line} is not in UTF-8, but other lines are"):
        shape_of(path, {})


def test_a_file_with_too_many_rows_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_module, "MAX_ROWS", 10)
    path = write_file(tmp_path, b"email,name\n" + b"a@b.example,A\n" * 11)
    with pytest.raises(Unreadable, match="more than 10 rows"):
        count_rows(path, shape_of(path, {}))


@pytest.mark.parametrize(
    ("record", "fields"),
    [
        (None, ["row"]),
        ({"email": "a@mail.example", "name": "=HYPERLINK(1)"}, ["name"]),
        ({"email": "", "name": ""}, ["name", "email"]),
        ({"email": "a@mail.example", "name": "A\0", "obtained_at": "soon"}, ["consent.obtained_at"]),
        ({"email": "a@mail.example", "name": "A", "obtained_at": "45620"}, ["consent.obtained_at"]),
        ({"email": "a@mail.example", "name": "A\0"}, ["name"]),
    ],
)
def test_the_error_of_a_wrong_row_names_its_fields(tables: FakeTables, record: Any, fields: list[str]) -> None:
    with pytest.raises(Invalid) as caught:
        read_row(record, 2, a_partner(tables), LONDON, NOW)
    assert [each.field for each in caught.value.errors] == fields


@pytest.mark.parametrize(
    ("text", "zone", "utc"),
    [
        ("24/11/2026", "Europe/London", "2026-11-24T00:00:00Z"),
        ("24/06/2026 12:00", "Europe/London", "2026-06-24T11:00:00Z"),
        ("2026-06-24 12:00:00", "America/New_York", "2026-06-24T16:00:00Z"),
        ("2026-06-24", "Europe/London", "2026-06-23T23:00:00Z"),
        ("2026-06-24T12:00:00Z", "Europe/London", "2026-06-24T12:00:00Z"),
        ("2026-06-24 12:00:00 UTC", "Europe/London", "2026-06-24T12:00:00Z"),
        ("2026-06-24T12:00:00+02:00", "Europe/London", "2026-06-24T10:00:00Z"),
        ("2026-06-24Z", "Europe/London", "2026-06-24T00:00:00Z"),
        ("2026-06-24 UTC", "Europe/London", "2026-06-24T00:00:00Z"),
        ("2026-06-24+02:00", "Europe/London", "2026-06-23T22:00:00Z"),
        ("20260624-0500", "Europe/London", "2026-06-24T05:00:00Z"),
        ("2026-06-24-18:30", "Europe/London", "2026-06-24T17:30:00Z"),
        # This hour occurs twice: first in summer time.
        ("25/10/2026 01:30", "Europe/London", "2026-10-25T00:30:00Z"),
        # The clocks go from 1:00 to 2:00.
        ("29/03/2026 01:30", "Europe/London", "2026-03-29T01:30:00Z"),
    ],
)
def test_a_time_is_read_as_the_uk_and_other_platforms_write_it_in_the_zone_of_the_file_or_its_own(
    tables: FakeTables, text: str, zone: str, utc: str
) -> None:
    record = {"email": "a@mail.example", "name": "A", "obtained_at": text}
    signature = read_row(record, 2, a_partner(tables), ZoneInfo(zone), NOW)
    assert (iso(signature.consent.obtained_at), signature.consent.updates) == (utc, False)
