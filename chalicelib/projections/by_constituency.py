"""Confirmed signatures by constituency: projected from the stream, in counters of their own.

There are 650 constituencies. In the bucket's counter they would raise each of its writes from one unit to five.
So a bucket has GROUPS more counters. Each holds a part of the constituencies and stays below one kilobyte.
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
    """Return the constituency, or ABROAD, NO_POSTCODE or UNKNOWN."""
    if signature.get("country") != "GB":
        return ABROAD
    postcode = signature.get("postcode")
    return (constituencies.of(postcode) or UNKNOWN) if postcode else NO_POSTCODE


def counter_of(slug: str, bucket: str, constituency: str) -> Key:
    """Return the counter of a constituency. It must not change, so use crc32: Python salts its hash per process."""
    return keys.constituencies(slug, bucket, crc32(constituency.encode()) % GROUPS)


def confirmed_by_constituency(slug: str, tables: Tables) -> Counter[str]:
    """Return the confirmed signatures by constituency, named with CONSTITUENCY_PREFIX. Trails the stream by seconds."""
    sums: Counter[str] = Counter()
    for item in tables.batch_get(list(_counters(slug))):
        sums.update({name: number for name, number in item.items() if name.startswith(CONSTITUENCY_PREFIX)})
    return sums


def _counters(slug: str) -> Iterator[Key]:
    for bucket in keys.BUCKETS:
        for group in range(GROUPS):
            yield keys.constituencies(slug, bucket, group)
