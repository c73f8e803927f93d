"""Read projected numbers: numbers that are counted from the stream of changes of signatures, seconds later.

These are the breakdowns by text version, postcode area and constituency, and the number of pending signatures.
`overview` also returns the breakdowns of the tally.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.petitions.model import Petition
from chalicelib.projections import store
from chalicelib.projections.by_constituency import confirmed_by_constituency
from chalicelib.projections.dimensions import Dimension, rows_by
from chalicelib.tallies.count import ALL_DAYS, Breakdown, Days, breakdowns, exact_count
from chalicelib.tallies.model import PENDING


@dataclass(frozen=True)
class Overview:
    """Every breakdown sums to `confirmed`. `pending` may lag by seconds."""

    confirmed: int
    pending: int
    as_of: datetime
    breakdowns: Sequence[Breakdown]


def pending_count(slug: str, tables: Tables) -> int:
    return pending_counts([slug], tables)[slug]


def pending_counts(slugs: Iterable[str], tables: Tables) -> Mapping[str, int]:
    """Return the number of pending signatures by slug, perhaps 0. It may lag by seconds."""
    return store.pending_by_slug(slugs, tables)


def projected_breakdown(petition: Petition, by: Dimension, now: datetime, tables: Tables) -> Breakdown:
    """Return a breakdown of the exact count. Projected numbers lag by seconds, so one more row has the difference."""
    confirmed = exact_count(petition, now, tables).confirmed
    read = confirmed_by_constituency if by is Dimension.CONSTITUENCY else store.projected_sums
    numbers = read(petition.slug, tables)
    return Breakdown(confirmed, now, by, rows_by(by, numbers, confirmed))


def overview(petition: Petition, days: Days, now: datetime, tables: Tables) -> Overview:
    """Return all breakdowns, except the breakdown by constituency. Each sums to the number of confirmed signatures.

    The breakdowns by version and by area lag by seconds, so one more row of each has the difference. These two have no
    daily counts, so leave them out if `days` has limits. The breakdown by constituency has 1,024 items, which is too
    many to read at every refresh of the dashboard.
    """
    shown_breakdowns = breakdowns(petition, days, now, tables)
    numbers = store.projected_sums(petition.slug, tables)
    confirmed = shown_breakdowns[0].confirmed
    if days == ALL_DAYS:
        for by in (Dimension.VERSION, Dimension.AREA):
            rows = rows_by(by, numbers, confirmed)
            shown_breakdowns.append(Breakdown(confirmed, now, by, rows))
    return Overview(confirmed=confirmed, pending=max(0, numbers[PENDING]), as_of=now, breakdowns=shown_breakdowns)
