"""Confirmed by constituency: followed from the stream too, in counters of their own.

There are 650 of them. Beside the other numbers of their bucket they would make each of its writes cost five units
in place of one; so a bucket has GROUPS counters, each for its share of the constituencies and below a kilobyte.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from zlib import crc32

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.keys import Key
from chalicelib.projections.constituency_table import Constituencies
from chalicelib.projections.dimensions import ABROAD, NO_POSTCODE, PLACE, UNKNOWN

GROUPS = 16


def constituency_of(signature: Mapping[str, Any], constituencies: Constituencies) -> str:
    """Its constituency, or which kind of none."""
    if signature.get("country") != "GB":
        return ABROAD
    postcode = signature.get("postcode")
    return (constituencies.of(postcode) or UNKNOWN) if postcode else NO_POSTCODE


def counter_of(slug: str, bucket: str, place: str) -> Key:
    """Always the same for a place: a digest, not Python's own hash, which each process salts."""
    return keys.constituencies(slug, bucket, crc32(place.encode()) % GROUPS)


def confirmed_by_constituency(slug: str, tables: Tables) -> Counter[str]:
    """Every number of these counters, as far as the stream has been followed; by its name in them."""
    sums: Counter[str] = Counter()
    for item in tables.batch_get(list(_counters(slug))):
        sums.update({name: number for name, number in item.items() if name.startswith(PLACE)})
    return sums


def _counters(slug: str) -> Iterator[Key]:
    for bucket in keys.BUCKETS:
        for group in range(GROUPS):
            yield keys.constituencies(slug, bucket, group)
