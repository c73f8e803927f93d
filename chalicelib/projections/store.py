"""Store projected numbers in the counts table: numbers that are counted from the stream of changes of signatures.

A petition has 64 buckets (partitions) of signatures. Each bucket has its own items of counters.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from chalicelib.aws.table import Attr, Change, Tables, is_still
from chalicelib.core import keys
from chalicelib.core.keys import Key
from chalicelib.projections.funnel.model import numbers_of
from chalicelib.tallies.model import PENDING


def pending_by_bucket(slug: str, tables: Tables, *, consistent: bool = False) -> dict[str, int]:
    """Return the number of pending signatures by bucket. It may lag by seconds."""
    numbers = {}
    for item in tables.batch_get(_counters(slug), consistent=consistent):
        if PENDING in item:
            _, _, bucket = item["pk"].rpartition("#")
            numbers[bucket] = item[PENDING]
    return numbers


def pending_by_slug(slugs: Iterable[str], tables: Tables) -> Counter[str]:
    """Return the number of pending signatures by slug, summed over the buckets. A slug without counters has 0."""
    slug_by_key: dict[Key, str] = {}
    for slug in slugs:
        for key in _counters(slug):
            slug_by_key[key] = slug
    sums: Counter[str] = Counter()
    for item in tables.batch_get([*slug_by_key]):
        slug = slug_by_key[Key(keys.COUNTS, item["pk"], item["sk"])]
        sums[slug] += item.get(PENDING, 0)
    return sums


def projected_sums(slug: str, tables: Tables) -> Counter[str]:
    """Return the numbers of pending signatures, and of confirmed ones by text version and by postcode area.

    A bucket has all these numbers in one item. Each number is summed over the buckets.
    """
    sums: Counter[str] = Counter()
    for item in tables.batch_get(_counters(slug)):
        sums.update(numbers_of(item))
    return sums


def _counters(slug: str) -> list[Key]:
    """Return the key of each bucket's item of counters."""
    return [keys.current_numbers(slug, bucket) for bucket in keys.BUCKETS]


def set_pending(slug: str, bucket: str, stored: int | None, counted: int, tables: Tables) -> None:
    """Set the number of pending signatures to `counted`. Raise ConditionFailed if it is not `stored` (None: absent)."""
    tables.update(Change(keys.current_numbers(slug, bucket), assign={PENDING: counted}, when=is_still(PENDING, stored)))


def add_projected(counter: Key, numbers: Mapping[str, int], positions: Iterable[str], tables: Tables) -> None:
    """Add the numbers to a counter item. They are the sums of the changes at these positions of the stream.

    If the item already includes one of these changes, or a later one, raise ConditionFailed with the item.
    """
    in_order = sorted(positions)
    first, last = in_order[0], in_order[-1]
    projected_to = Attr("projected_to")
    is_before_first = projected_to.not_exists() | projected_to.lt(first)
    tables.update(Change(counter, assign={"projected_to": last}, add=numbers, when=is_before_first))
