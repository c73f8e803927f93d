"""Confirmed by what is followed from the stream: the version that was signed, and where in Great Britain.

These numbers trail the count by seconds, and lack what a batch lost for good; what is not in them yet is a row of
its own, so that they always sum to what is confirmed.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from enum import StrEnum
from itertools import takewhile

VERSION, AREA, PLACE = "v.", "a.", "k."
# Postcode areas are letters in upper case; so these are none.
NO_POSTCODE, ABROAD = "none", "abroad"
# A postcode of the right form that the charity's table of constituencies does not have.
UNKNOWN = "unknown"


class Dimension(StrEnum):
    """What a followed breakdown is by."""

    VERSION = "version"
    AREA = "postcode-area"
    CONSTITUENCY = "constituency"


PREFIXES = {Dimension.VERSION: VERSION, Dimension.AREA: AREA, Dimension.CONSTITUENCY: PLACE}
WORDS = {NO_POSTCODE: "no postcode", ABROAD: "outside GB", UNKNOWN: "not in the table"}
NOT_YET = "not yet sorted"


def dimensions_of(signature: Mapping[str, str]) -> Iterator[str]:
    """The numbers that one confirmed signature is counted in."""
    yield VERSION + signature.get("text_version", "")
    yield AREA + _area(signature.get("country", ""), signature.get("postcode", ""))


def rows_by(by: Dimension, numbers: Counter[str], confirmed: int) -> dict[str, int]:
    """Rows that sum to `confirmed`. Zeros are left out."""
    prefix = PREFIXES[by]
    found = {name.removeprefix(prefix): number for name, number in numbers.items() if name.startswith(prefix)}
    rows = {WORDS.get(key, key): number for key, number in sorted(found.items())}
    rows[NOT_YET] = confirmed - sum(rows.values())
    return {key: number for key, number in rows.items() if number}


def _area(country: str, postcode: str) -> str:
    """The letters a postcode begins with: SW of SW1A 1AA."""
    if country != "GB":
        return ABROAD
    return "".join(takewhile(str.isalpha, postcode)) or NO_POSTCODE
