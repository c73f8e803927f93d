"""Confirmed signatures by version, area, constituency or language of updates, counted from the stream of changes.

They trail the exact count by seconds, and lack changes that the stream lost. The row NOT_YET_ASSIGNED has the
difference.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from enum import StrEnum
from itertools import takewhile
from typing import Any
from zlib import crc32

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.keys import Key
from chalicelib.petitions.constituency_table import Constituencies

# Prefixes of attributes: "a.SW" counts the signatures from the area SW.
VERSION_PREFIX, AREA_PREFIX, CONSTITUENCY_PREFIX = "v.", "a.", "k."
# "u.cy" counts those who get updates in Welsh, "u." those who get them in the petition's own language.
READER_PREFIX = "u."
# "held.network" counts those that are held for this reason, confirmed by their owners or not.
HELD_PREFIX = "held."
# In lower case, because postcode areas are in upper case.
NO_POSTCODE, ABROAD = "none", "abroad"
# The postcode is valid, but not in the charity's table of constituencies.
UNKNOWN = "unknown"


class Dimension(StrEnum):
    """The dimensions of projected breakdowns."""

    VERSION = "version"
    AREA = "postcode-area"
    CONSTITUENCY = "constituency"


PREFIXES = {
    Dimension.VERSION: VERSION_PREFIX,
    Dimension.AREA: AREA_PREFIX,
    Dimension.CONSTITUENCY: CONSTITUENCY_PREFIX,
}
LABELS = {NO_POSTCODE: "no postcode", ABROAD: "outside GB", UNKNOWN: "not in the table"}
NOT_YET_ASSIGNED = "not yet assigned"


def number_names_of(signature: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of the numbers that count it: for its text version, its area, and its updates."""
    yield VERSION_PREFIX + signature.get("text_version", "")
    yield AREA_PREFIX + area_of(signature.get("country", ""), signature.get("postcode", ""))
    if signature.get("updates") and not signature.get("undeliverable"):
        yield READER_PREFIX + (signature.get("language") or "")


def rows_by(by: Dimension, numbers: Counter[str], confirmed: int) -> dict[str, int]:
    """Return the rows without zeros. They sum to `confirmed`."""
    prefix = PREFIXES[by]
    counted = [name.removeprefix(prefix) for name in sorted(numbers) if name.startswith(prefix)]
    rows = {LABELS.get(key, key): numbers[prefix + key] for key in counted}
    rows[NOT_YET_ASSIGNED] = confirmed - sum(rows.values())
    return {label: number for label, number in rows.items() if number}


def area_of(country: str, postcode: str) -> str:
    """Return the first letters of the postcode (SW of SW1A 1AA), ABROAD or NO_POSTCODE."""
    if country != "GB":
        return ABROAD
    return "".join(takewhile(str.isalpha, postcode)) or NO_POSTCODE


GROUPS = 16


def constituency_of(signature: Mapping[str, Any], constituencies: Constituencies) -> str:
    if signature.get("country") != "GB":
        return ABROAD
    postcode = signature.get("postcode")
    return constituencies.of(postcode) or UNKNOWN if postcode else NO_POSTCODE


def counter_of(slug: str, bucket: str, constituency: str) -> Key:
    """The key must never change, so use crc32: Python's `hash` differs between processes."""
    group = crc32(constituency.encode()) % GROUPS
    return keys.constituencies(slug, bucket, group)


def confirmed_by_constituency(slug: str, tables: Tables) -> Counter[str]:
    """By CONSTITUENCY_PREFIX + constituency. May lag by seconds."""
    sums: Counter[str] = Counter()
    counters = [keys.constituencies(slug, bucket, group) for bucket in keys.BUCKETS for group in range(GROUPS)]
    for item in tables.batch_get(counters):
        for name, number in item.items():
            if name.startswith(CONSTITUENCY_PREFIX):
                sums[name] += number
    return sums
