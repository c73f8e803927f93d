"""Look up the constituency of a postcode, and its member of parliament (MP), if the charity has provided the data.

The file of postcodes is memory-mapped: a look-up among two million reads about twenty memory pages.
"""

import json
import mmap
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import overload

FILE = Path(__file__).with_name("constituencies.bin")

# A record is a padded postcode (SW1A1AA, M1  1AE), then the index of its constituency in the list of names.
POSTCODE_BYTES, INDEX_BYTES = 7, 2
RECORD_BYTES = POSTCODE_BYTES + INDEX_BYTES
# The file begins with the length of the list of names.
LENGTH_BYTES = 4
# In characters. A constituency's name is an attribute name in a stored item, so long names cost write units.
MAX_NAME_LENGTH = 60

Bytes = bytes | mmap.mmap
MEMBERS_FILE = Path(__file__).with_name("members.json")
LAYOUT_FILE = Path(__file__).with_name("layout.json")


class Constituencies(Sequence[bytes]):
    """The postcodes in the file, padded and sorted: a sequence that `bisect_left` can search."""

    def __init__(self, packed: Bytes) -> None:
        self._packed = packed
        self._records_start = LENGTH_BYTES + int.from_bytes(packed[:LENGTH_BYTES], "big")
        self._names: list[str] = json.loads(packed[LENGTH_BYTES : self._records_start])

    def of(self, postcode: str) -> str | None:
        padded = _padded(postcode)
        position = bisect_left(self, padded)
        if position == len(self) or self[position] != padded:
            return None
        start = self._records_start + position * RECORD_BYTES + POSTCODE_BYTES
        name_index = int.from_bytes(self._packed[start : start + INDEX_BYTES], "big")
        return self._names[name_index]

    def __len__(self) -> int:
        return (len(self._packed) - self._records_start) // RECORD_BYTES

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[bytes]: ...
    def __getitem__(self, index: int | slice) -> bytes | Sequence[bytes]:
        if isinstance(index, slice):
            positions = range(len(self))[index]
            return [self[position] for position in positions]
        start = self._records_start + index * RECORD_BYTES
        return self._packed[start : start + POSTCODE_BYTES]


def pack(constituencies: Mapping[str, str]) -> bytes:
    """`constituencies`: by postcode. Raise ValueError for a postcode of wrong length."""
    names = sorted(set(constituencies.values()))
    indexes = {name: number.to_bytes(INDEX_BYTES, "big") for number, name in enumerate(names)}
    records = []
    for postcode, name in constituencies.items():
        record = _padded(postcode) + indexes[name]
        if len(record) != RECORD_BYTES:
            raise ValueError("not a UK postcode")
        records.append(record)
    header = json.dumps(names).encode()
    header_length = len(header).to_bytes(LENGTH_BYTES, "big")
    return header_length + header + b"".join(sorted(records))


@cache
def constituencies() -> Constituencies | None:
    if not has_constituencies():
        return None
    with FILE.open("rb") as file:
        return Constituencies(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def has_constituencies() -> bool:
    return FILE.exists()


def _padded(postcode: str) -> bytes:
    """In seven characters, such as M1  1AE: the first part is padded to four."""
    joined = postcode.replace(" ", "").upper()
    first_part, last_part = joined[:-3], joined[-3:]
    return f"{first_part:4}{last_part}".encode()


@cache
def layout() -> str:
    """Return the layout of the map, as JSON (`ConstituencyLayout`). Without a file, it has no hexagons."""
    return LAYOUT_FILE.read_text(encoding="utf-8") if LAYOUT_FILE.exists() else '{"layout": "odd-r", "hexes": []}'


@dataclass(frozen=True)
class MemberOfParliament:
    """`constituency` has the name or code that the table of postcodes uses."""

    constituency: str
    name: str
    email: str


def member_for_postcode(country: str | None, postcode: str | None) -> MemberOfParliament | None:
    """Return the MP. Return None outside the UK, without a postcode, or if a table or its row is missing."""
    constituency = _constituency_of(country, postcode)
    return member_of_constituency(constituency) if constituency else None


def may_live_in(constituency: str, country: str | None, postcode: str | None) -> bool:
    """Return True if there is no table: then we cannot tell."""
    return constituencies() is None or _constituency_of(country, postcode) == constituency


def _constituency_of(country: str | None, postcode: str | None) -> str | None:
    table = constituencies()
    if table is None or country != "GB" or not postcode:
        return None
    return table.of(postcode)


def member_of_constituency(constituency: str) -> MemberOfParliament | None:
    return members().get(constituency)


def has_members() -> bool:
    return bool(members())


@cache
def members() -> Mapping[str, MemberOfParliament]:
    return unpack_members(MEMBERS_FILE.read_bytes()) if MEMBERS_FILE.exists() else {}


def pack_members(by_constituency: Mapping[str, MemberOfParliament]) -> bytes:
    rows = {constituency: [member.name, member.email] for constituency, member in sorted(by_constituency.items())}
    return json.dumps(rows).encode()


def unpack_members(content: bytes) -> dict[str, MemberOfParliament]:
    rows = json.loads(content).items()
    return {constituency: MemberOfParliament(constituency, name, email) for constituency, (name, email) in rows}
