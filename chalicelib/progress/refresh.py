"""Read and refresh a petition's recent numbers: the signatures of today, of the last 24 hours, and of each shown area.

A small number could identify people, so only areas with at least MIN_SIGNATURES are shown, rounded down to a multiple
of ROUNDED_TO. Anybody can subtract them from the total count, to learn roughly how many people signed elsewhere. So
this number must also be at least MIN_SIGNATURES, or 0.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from chalicelib.aws.table import Tables
from chalicelib.core.times import iso
from chalicelib.petitions.model import Petition
from chalicelib.projections.breakdowns import projected_breakdown
from chalicelib.projections.dimensions import Dimension
from chalicelib.shedding.level import Level, level_now
from chalicelib.tallies.count import Days, Recent, breakdown
from chalicelib.tallies.model import TallyDimension, largest_first
from chalicelib.tallies.public import lease_recent, public_count, save_recent

MIN_SIGNATURES = 50
ROUNDED_TO = 10
MAX_AREAS = 12


def public_areas(confirmed: int, by_area: Mapping[str, int]) -> dict[str, int]:
    """Return the rounded numbers of the areas that may be shown, largest first.

    `by_area` also has rows for signatures without an area, such as "no postcode". Only areas are in upper case.
    """
    areas = {name: number for name, number in by_area.items() if name.isupper() and number >= MIN_SIGNATURES}
    ranked = largest_first(areas)[:MAX_AREAS]
    while ranked:
        # The true number: what people compute from rounded numbers is never smaller. Negative if the areas are newer
        # than the count.
        outside = confirmed - sum(number for _, number in ranked)
        if outside == 0 or outside >= MIN_SIGNATURES:
            break
        ranked.pop()  # Also hide the smallest of the shown areas.
    return {name: number // ROUNDED_TO * ROUNDED_TO for name, number in ranked}


# A refresh reads two days of the tally and 64 counters. And numbers that change rarely reveal less about single people.
FRESH = timedelta(minutes=5)
DAY = timedelta(days=1)


def recent_numbers(petition: Petition, now: datetime, tables: Tables) -> Recent | None:
    """If the stored numbers are not fresh, the caller that gets the lease counts them again. None: there are none.

    At the load shedding levels SNAPSHOT_ONLY and ACCEPT_ONLY, nothing is counted again.
    """
    stored = public_count(petition, now, tables).recent
    # After midnight, the stored `today` is about yesterday. Numbers from the future are by a clock that was ahead.
    is_fresh = stored is not None and abs(now - stored.as_of) < FRESH and stored.as_of.date() == now.date()
    if is_fresh or level_now(tables).includes(Level.SNAPSHOT_ONLY):
        return stored
    if not lease_recent(petition.slug, now, tables):
        return stored
    fresh = _count_recent(petition, now, tables)
    save_recent(petition.slug, fresh, tables)
    return fresh


def _count_recent(petition: Petition, now: datetime, tables: Tables) -> Recent:
    yesterday_and_today = Days((now - DAY).date(), now.date())
    # An hour's key is its beginning: 2026-11-24T18:00:00Z.
    hours = breakdown(petition, TallyDimension.HOUR, yesterday_and_today, now, tables).values
    today = _sum_since(now.date().isoformat(), hours)
    # Leaves out each hour that began earlier, so it covers between 23 and 24 hours.
    last_day = _sum_since(iso(now - DAY), hours)
    areas = projected_breakdown(petition, Dimension.AREA, now, tables)
    return Recent(today=today, last_day=last_day, areas=public_areas(areas.confirmed, areas.values), as_of=now)


def _sum_since(start: str, hours: Mapping[str, int]) -> int:
    """If more people withdrew than confirmed, return 0. Times are compared as texts (ISO 8601)."""
    numbers = [number for hour, number in hours.items() if hour >= start]
    return max(0, sum(numbers))
