"""Which constituency a postcode lies in, by the file that the charity gave; without a file nobody asks.

The file is made when the package is built (`stack.constituencies`) and mapped, not read: finding one of two million
postcodes touches some twenty of its pages, and a function that never asks pays nothing for it.
"""

import json
import mmap
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import overload

FILE = Path(__file__).with_name("constituencies.bin")

# SW1A1AA, or M1  1AE: two to four characters and three; then the place of its constituency in the list of names.
POSTCODE, PLACE = 7, 2
RECORD = POSTCODE + PLACE
LENGTH = 4

Bytes = bytes | mmap.mmap


class Constituencies(Sequence[bytes]):
    """As a sequence: the postcodes, in order."""

    def __init__(self, packed: Bytes) -> None:
        self._packed = packed
        self._start = LENGTH + int.from_bytes(packed[:LENGTH], "big")
        self._names: list[str] = json.loads(packed[LENGTH : self._start])

    def of(self, postcode: str) -> str | None:
        """None for a postcode that the file does not have."""
        wanted = _key(postcode)
        place = bisect_left(self, wanted)
        if place == len(self) or self[place] != wanted:
            return None
        at = self._start + place * RECORD + POSTCODE
        return self._names[int.from_bytes(self._packed[at : at + PLACE], "big")]

    def __len__(self) -> int:
        return (len(self._packed) - self._start) // RECORD

    @overload
    def __getitem__(self, place: int) -> bytes: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[bytes]: ...
    def __getitem__(self, place: int | slice) -> bytes | Sequence[bytes]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        at = self._start + place * RECORD
        return self._packed[at : at + POSTCODE]


def packed(constituencies: Mapping[str, str]) -> bytes:
    """The file's bytes, out of constituency by postcode. Raise ValueError for what is no UK postcode."""
    names = sorted(set(constituencies.values()))
    places = {name: number.to_bytes(PLACE, "big") for number, name in enumerate(names)}
    records = sorted(_key(postcode) + places[name] for postcode, name in constituencies.items())
    if any(len(record) != RECORD for record in records):
        raise ValueError("what is called a postcode is none of the UK's")
    head = json.dumps(names).encode()
    return len(head).to_bytes(LENGTH, "big") + head + b"".join(records)


@cache
def constituencies() -> Constituencies | None:
    """None where the charity gave no file."""
    if not is_configured():
        return None
    with FILE.open("rb") as file:
        return Constituencies(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def is_configured() -> bool:
    return FILE.exists()


def _key(postcode: str) -> bytes:
    joined = postcode.replace(" ", "").upper()
    return f"{joined[:-3]:4}{joined[-3:]}".encode()
