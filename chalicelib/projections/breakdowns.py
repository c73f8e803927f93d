"""Read projected numbers: numbers that are counted from the stream of changes of signatures, seconds later.

These are the breakdowns by text version, postcode area and constituency, and the number of pending signatures.
`overview` also returns the breakdowns of the tally. A petition has 64 buckets (partitions) of signatures. Each bucket
has its own items of counters in the counts table.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.keys import Key
from chalicelib.petitions.model import Petition
from chalicelib.projections.dimensions import Dimension, confirmed_by_constituency, rows_by
from chalicelib.projections.funnel import numbers_of
from chalicelib.tallies.count import ALL_DAYS, Breakdown, Days, breakdowns, exact_count
from chalicelib.tallies.model import PENDING


def pending_by_bucket(slug: str, tables: Tables, *, consistent: bool = False) -> dict[str, int]:
    """Return the number of pending signatures by bucket. It may lag by seconds."""
    numbers = {}
    for item in tables.batch_get(_counters(slug), consistent=consistent):
        if PENDING in item:
            _, _, bucket = item["pk"].rpartition("#")
            numbers[bucket] = item[PENDING]
    return numbers


def pending_counts(slugs: Iterable[str], tables: Tables) -> Counter[str]:
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


@dataclass(frozen=True)
class Overview:
    """Every breakdown sums to `confirmed`. `pending` may lag by seconds."""

    confirmed: int
    pending: int
    as_of: datetime
    breakdowns: Sequence[Breakdown]


def pending_count(slug: str, tables: Tables) -> int:
    return pending_counts([slug], tables)[slug]


def projected_breakdown(petition: Petition, by: Dimension, now: datetime, tables: Tables) -> Breakdown:
    """Return a breakdown of the exact count. Projected numbers lag by seconds, so one more row has the difference."""
    confirmed = exact_count(petition, now, tables).confirmed
    read = confirmed_by_constituency if by is Dimension.CONSTITUENCY else projected_sums
    numbers = read(petition.slug, tables)
    return Breakdown(confirmed, now, by, rows_by(by, numbers, confirmed))


def overview(petition: Petition, days: Days, now: datetime, tables: Tables) -> Overview:
    """Return all breakdowns, except the breakdown by constituency. Each sums to the number of confirmed signatures.

    The breakdowns by version and by area lag by seconds, so one more row of each has the difference. These two have no
    daily counts, so leave them out if `days` has limits. The breakdown by constituency has 1,024 items, which is too
    many to read at every refresh of the dashboard.
    """
    shown_breakdowns = breakdowns(petition, days, now, tables)
    numbers = projected_sums(petition.slug, tables)
    confirmed = shown_breakdowns[0].confirmed
    if days == ALL_DAYS:
        for by in (Dimension.VERSION, Dimension.AREA):
            rows = rows_by(by, numbers, confirmed)
            shown_breakdowns.append(Breakdown(confirmed, now, by, rows))
    return Overview(confirmed=confirmed, pending=max(0, numbers[PENDING]), as_of=now, breakdowns=shown_breakdowns)


def _counters(slug: str) -> list[Key]:
    return [keys.current_numbers(slug, bucket) for bucket in keys.BUCKETS]
