"""Confirmed signatures by constituency, counted from the stream of changes of signatures.

A petition's signatures are in 64 buckets, and each bucket has one item of counters. If this item also had the 650
constituencies, each of its writes would cost about ten write units instead of one. So a bucket has GROUPS more items.
Each has the counters of some constituencies and stays below one kilobyte.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from zlib import crc32

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.keys import Key
from chalicelib.petitions.constituency_table import Constituencies
from chalicelib.projections.dimensions import ABROAD, CONSTITUENCY_PREFIX, NO_POSTCODE, UNKNOWN

GROUPS = 16


def constituency_of(signature: Mapping[str, Any], constituencies: Constituencies) -> str:
    """Return the constituency of a signature, or ABROAD, NO_POSTCODE or UNKNOWN."""
    if signature.get("country") != "GB":
        return ABROAD
    postcode = signature.get("postcode")
    if not postcode:
        return NO_POSTCODE
    return constituencies.of(postcode) or UNKNOWN


def counter_of(slug: str, bucket: str, constituency: str) -> Key:
    """Return the key of the item that counts a constituency.

    The key must never change, so use crc32. Python's `hash` differs between processes.
    """
    group = crc32(constituency.encode()) % GROUPS
    return keys.constituencies(slug, bucket, group)


def confirmed_by_constituency(slug: str, tables: Tables) -> Counter[str]:
    """Return the number of confirmed signatures for each CONSTITUENCY_PREFIX + constituency. May lag by seconds."""
    sums: Counter[str] = Counter()
    for item in tables.batch_get(list(_counters(slug))):
        for name, number in item.items():
            if name.startswith(CONSTITUENCY_PREFIX):
                sums[name] += number
    return sums


def _counters(slug: str) -> Iterator[Key]:
    """Yield the keys of the petition's items of counters."""
    for bucket in keys.BUCKETS:
        for group in range(GROUPS):
            yield keys.constituencies(slug, bucket, group)
