"""Read and refresh a petition's recent numbers: the signatures of today, of the last 24 hours, and of each shown area.

The numbers are stored with the public count. A lease lets only one caller at a time refresh the numbers.

An area is the first letters of a postcode. A small number could identify people who signed, so only areas with at least
MIN_SIGNATURES are shown. Their numbers are rounded down to a multiple of ROUNDED_TO. Anybody can subtract the shown
numbers from the total count, to learn roughly how many people signed outside the shown areas. So this number must also
be at least MIN_SIGNATURES, or 0.
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
    """Return the rounded numbers of the areas that may be shown, largest first. `confirmed` is the total count.

    `by_area` also has rows for signatures without an area, such as "no postcode". Only areas are in upper case.
    """
    areas = {}
    for name, number in by_area.items():
        is_area = name.isupper()
        if is_area and number >= MIN_SIGNATURES:
            areas[name] = number
    ranked = largest_first(areas)[:MAX_AREAS]
    while ranked:
        # Check the true number. What people compute from the shown numbers is never smaller, because these are rounded
        # down.
        outside = confirmed - sum(number for _, number in ranked)
        if _may_be_known(outside):
            break
        ranked.pop()  # Also hide the smallest of the shown areas.
    return {name: number // ROUNDED_TO * ROUNDED_TO for name, number in ranked}


def _may_be_known(rest: int) -> bool:
    """Return whether the public may know the number of signatures outside the shown areas.

    This number is negative if the areas are newer than the count.
    """
    return rest == 0 or rest >= MIN_SIGNATURES


# How long the numbers are fresh. A shorter time would cost more, because a refresh reads two days of the tally and 64
# counters. And if the numbers of areas change rarely, they reveal less about single people.
FRESH = timedelta(minutes=5)
DAY = timedelta(days=1)


def recent_numbers(petition: Petition, now: datetime, tables: Tables) -> Recent | None:
    """Return the stored numbers. If they are not fresh, the caller that gets the lease counts them again.

    At the load shedding levels SNAPSHOT_ONLY and ACCEPT_ONLY, nothing is counted again. Return None if no numbers are
    stored and this call counts none.
    """
    stored = public_count(petition, now, tables).recent
    # After midnight, the stored `today` is about yesterday. Numbers from the future are by a clock that was ahead.
    is_fresh = stored is not None and abs(now - stored.as_of) < FRESH and stored.as_of.date() == now.date()
    if is_fresh or level_now(tables).includes(Level.SNAPSHOT_ONLY):
        return stored
    has_lease = lease_recent(petition.slug, now, tables)
    if not has_lease:
        return stored
    fresh = _count_recent(petition, now, tables)
    save_recent(petition.slug, fresh, tables)
    return fresh


def _count_recent(petition: Petition, now: datetime, tables: Tables) -> Recent:
    yesterday_and_today = Days((now - DAY).date(), now.date())
    # The tally (the count) has a number for each hour. The hour's key is its beginning: 2026-11-24T18:00:00Z.
    hours = breakdown(petition, TallyDimension.HOUR, yesterday_and_today, now, tables).values
    today = _sum_since(now.date().isoformat(), hours)
    # This leaves out each hour that began more than 24 hours ago. So `last_day` covers between 23 and 24 hours.
    last_day = _sum_since(iso(now - DAY), hours)
    # The tally has no areas. They are counted from the stream of changes of signatures (projections).
    areas = projected_breakdown(petition, Dimension.AREA, now, tables)
    return Recent(today=today, last_day=last_day, areas=public_areas(areas.confirmed, areas.values), as_of=now)


def _sum_since(start: str, hours: Mapping[str, int]) -> int:
    """Return the sum of the hours that begin at `start` or later. If more people withdrew than confirmed, return 0.

    Compare texts: `start` and the keys of `hours` are in ISO 8601.
    """
    numbers = [number for hour, number in hours.items() if hour >= start]
    return max(0, sum(numbers))
