"""Look up the constituency of a postcode in the charity's file. The file is optional.

The file is made when the package is built (`stack.constituencies`). It is memory-mapped: finding one of two million
postcodes reads about twenty pages, and a function without look-ups reads nothing.
"""

import json
import mmap
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import overload

FILE = Path(__file__).with_name("constituencies.bin")

# A record: the postcode, padded (SW1A1AA, M1  1AE), then the index of its constituency in the list of names.
POSTCODE, INDEX = 7, 2
RECORD = POSTCODE + INDEX
LENGTH = 4
# Characters. A constituency's name is an attribute name in a stored item, so long names cost write units.
LONGEST_NAME = 60

Bytes = bytes | mmap.mmap


class Constituencies(Sequence[bytes]):
    """A sequence of the postcodes, sorted."""

    def __init__(self, packed: Bytes) -> None:
        self._packed = packed
        self._start = LENGTH + int.from_bytes(packed[:LENGTH], "big")
        self._names: list[str] = json.loads(packed[LENGTH : self._start])

    def of(self, postcode: str) -> str | None:
        """Return the constituency, or None if the postcode is not in the file."""
        key = _key(postcode)
        index = bisect_left(self, key)
        if index == len(self) or self[index] != key:
            return None
        at = self._start + index * RECORD + POSTCODE
        return self._names[int.from_bytes(self._packed[at : at + INDEX], "big")]

    def __len__(self) -> int:
        return (len(self._packed) - self._start) // RECORD

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[bytes]: ...
    def __getitem__(self, index: int | slice) -> bytes | Sequence[bytes]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        at = self._start + index * RECORD
        return self._packed[at : at + POSTCODE]


def packed(constituencies: Mapping[str, str]) -> bytes:
    """Return the file's bytes from a map of postcode to constituency. Raise ValueError for an invalid postcode."""
    names = sorted(set(constituencies.values()))
    indexes = {name: number.to_bytes(INDEX, "big") for number, name in enumerate(names)}
    records = sorted(_key(postcode) + indexes[name] for postcode, name in constituencies.items())
    if any(len(record) != RECORD for record in records):
        raise ValueError("not a UK postcode")
    header = json.dumps(names).encode()
    return len(header).to_bytes(LENGTH, "big") + header + b"".join(records)


@cache
def constituencies() -> Constituencies | None:
    """Return the table, or None without a file."""
    if not is_configured():
        return None
    with FILE.open("rb") as file:
        return Constituencies(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def is_configured() -> bool:
    return FILE.exists()


def _key(postcode: str) -> bytes:
    joined = postcode.replace(" ", "").upper()
    return f"{joined[:-3]:4}{joined[-3:]}".encode()
