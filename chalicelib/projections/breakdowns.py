"""Read projected numbers: counted from the stream of changes of signatures, seconds later, by bucket (partition)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.keys import Key
from chalicelib.petitions.model import Petition
from chalicelib.projections.dimensions import HELD_PREFIX, Dimension, confirmed_by_constituency, rows_by
from chalicelib.projections.funnel import numbers_of
from chalicelib.tallies.count import ALL_DAYS, Breakdown, Days, breakdowns, exact_count
from chalicelib.tallies.model import PENDING


def pending_by_bucket(slug: str, tables: Tables, *, consistent: bool = False) -> dict[str, int]:
    numbers = {}
    for item in tables.batch_get(_counters(slug), consistent=consistent):
        if PENDING in item:
            _, _, bucket = item["pk"].rpartition("#")
            numbers[bucket] = item[PENDING]
    return numbers


def pending_counts(slugs: Iterable[str], tables: Tables) -> Counter[str]:
    sums: Counter[str] = Counter()
    slug_by_key = {key: slug for slug in slugs for key in _counters(slug)}
    for slug, item in tables.batch_get_by(slug_by_key):
        sums[slug] += item.get(PENDING, 0)
    return sums


def projected_sums(slug: str, tables: Tables) -> Counter[str]:
    """Return the pending signatures, and the confirmed ones by version, area and updates, summed over the buckets."""
    sums: Counter[str] = Counter()
    for item in tables.batch_get(_counters(slug)):
        sums.update(numbers_of(item))
    return sums


def held_counts(slug: str, tables: Tables) -> dict[str, int]:
    """Return how many signatures are held for each reason. May lag by seconds."""
    sums = projected_sums(slug, tables)
    return {name.removeprefix(HELD_PREFIX): sums[name] for name in sorted(sums) if name.startswith(HELD_PREFIX)}


@dataclass(frozen=True)
class Overview:
    """Every breakdown sums to `confirmed`. `pending` may lag by seconds. `withdrawn`: as in `Breakdown`."""

    confirmed: int
    withdrawn: int
    pending: int
    as_of: datetime
    breakdowns: Sequence[Breakdown]


def pending_count(slug: str, tables: Tables) -> int:
    return pending_counts([slug], tables)[slug]


def projected_breakdown(petition: Petition, by: Dimension, now: datetime, tables: Tables) -> Breakdown:
    """Projected numbers lag by seconds, so one more row has the difference to the exact count."""
    confirmed = exact_count(petition, now, tables).confirmed
    read = confirmed_by_constituency if by is Dimension.CONSTITUENCY else projected_sums
    numbers = read(petition.slug, tables)
    return Breakdown(confirmed, now, by, rows_by(by, numbers, confirmed))


def overview(petition: Petition, days: Days, now: datetime, tables: Tables) -> Overview:
    """Return all breakdowns but that by constituency: its 1,024 items are too many for every refresh of the dashboard.

    The breakdowns by version and by area lag by seconds, so one more row of each has the difference. They have no daily
    counts, so leave them out if `days` has limits.
    """
    shown_breakdowns = breakdowns(petition, days, now, tables)
    numbers = projected_sums(petition.slug, tables)
    confirmed, withdrawn = shown_breakdowns[0].confirmed, shown_breakdowns[0].withdrawn
    if days == ALL_DAYS:
        for by in (Dimension.VERSION, Dimension.AREA):
            rows = rows_by(by, numbers, confirmed)
            shown_breakdowns.append(Breakdown(confirmed, now, by, rows))
    pending = max(0, numbers[PENDING])
    return Overview(confirmed, withdrawn, pending, as_of=now, breakdowns=shown_breakdowns)


def _counters(slug: str) -> list[Key]:
    return [keys.current_numbers(slug, bucket) for bucket in keys.BUCKETS]
