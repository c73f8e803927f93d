"""The count that the public sees: a stored snapshot. A caller that reads a stale snapshot refreshes it.

A snapshot from the future is stale too: a reader whose clock was ahead has stored it.

Only one caller at a time does this: the caller that gets the lease. The other callers return the stale count.
If there is no stale count, they count without saving. The recent numbers are those of today, of the last day and by
postcode area.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta

from chalicelib.aws.table import Item, Tables
from chalicelib.core import log
from chalicelib.core.errors import Unavailable
from chalicelib.core.times import iso
from chalicelib.shedding.level import Level, level_now
from chalicelib.tallies import snapshots
from chalicelib.tallies.count import Count, Recent, exact_count, exact_counts
from chalicelib.tallies.model import TalliedPetition

# How long a snapshot is fresh. A CDN's copy may be 6 s older, and the list of petitions is cached for one more second.
# So the public sees a count that is less than 10 s old.
FRESH_FOR = timedelta(seconds=2)
LEASE_SECONDS = 10
# How many stale snapshots one refresh of the list replaces at most. The others wait for the next refresh, after 2 s.
MAX_REFRESHED = 100


def public_count(petition: TalliedPetition, now: datetime, tables: Tables) -> Count:
    """Return the snapshot's count, by one read. If the snapshot is stale or missing, try to get the lease.

    With the lease, count and save a new snapshot. Without the lease, return the stale count; if there is none, count
    without saving. At the load-shedding level SNAPSHOT_ONLY or above, or if counting fails, return the stale count; if
    there is none, raise Unavailable.
    """
    item = snapshots.snapshot(petition.slug, tables)
    snapshot = _snapshot(item) if item else None
    if snapshot and _is_fresh(snapshot, now):
        return snapshot
    if level_now(tables).includes(Level.SNAPSHOT_ONLY):
        return _stale_count(snapshot)
    try:
        refreshed = _refresh(petition, snapshot, now, tables)
        count = refreshed or snapshot or exact_count(petition, now, tables)
    except Unavailable:
        return _stale_count(snapshot)
    # A new count has no recent numbers. Those of the snapshot stay stored: only `save_recent` replaces them.
    return replace(count, recent=snapshot.recent) if snapshot else count


def public_counts(petitions: Sequence[TalliedPetition], now: datetime, tables: Tables) -> dict[str, Count]:
    """Return the counts by slug. Refresh the oldest snapshots that are stale, and those that are missing.

    At the load-shedding level SNAPSHOT_ONLY or above, or if the refresh fails, return stale counts. A petition without
    a snapshot is then left out.
    """
    items = snapshots.snapshots([petition.slug for petition in petitions], tables)
    snapshot_by_slug: dict[str, Count] = {}
    for slug, item in items.items():
        snapshot = _snapshot(item)
        if snapshot:
            snapshot_by_slug[slug] = snapshot
    fresh = {slug for slug, snapshot in snapshot_by_slug.items() if _is_fresh(snapshot, now)}
    # The snapshots of these petitions are stale or missing.
    outdated = [petition for petition in petitions if petition.slug not in fresh]
    if not outdated or level_now(tables).includes(Level.SNAPSHOT_ONLY):
        return snapshot_by_slug
    try:
        return snapshot_by_slug | _count_missing_and_oldest(outdated, snapshot_by_slug, now, tables)
    except Unavailable:
        return snapshot_by_slug


def _is_fresh(snapshot: Count, now: datetime) -> bool:
    return abs(now - snapshot.as_of) < FRESH_FOR


def _count_missing_and_oldest(
    outdated: Sequence[TalliedPetition], snapshot_by_slug: Mapping[str, Count], now: datetime, tables: Tables
) -> dict[str, Count]:
    """Count and save all petitions without a snapshot. With the lease of the list, also replace the oldest snapshots.

    Petitions without a snapshot need no lease, because there is no stale count to return. The lease is not released. It
    expires when the new snapshots are stale.
    """
    chosen = [petition for petition in outdated if petition.slug not in snapshot_by_slug]
    stale = [petition for petition in outdated if petition.slug in snapshot_by_slug]
    lease_seconds = int(FRESH_FOR.total_seconds())
    if stale and snapshots.lease_list(now, lease_seconds, tables):
        # Snapshots from the far future come first too.
        oldest_first = sorted(stale, key=lambda petition: -abs(now - snapshot_by_slug[petition.slug].as_of))
        chosen += oldest_first[:MAX_REFRESHED]
    counts = exact_counts(chosen, now, tables)
    for slug, count in counts.items():
        _save(slug, count, snapshot_by_slug.get(slug), tables)
    return counts


def _snapshot(item: Item) -> Count | None:
    """Return the stored count. Return None if the item has only a lease: the first refresh is running or crashed."""
    if "count" not in item:
        return None
    as_of = datetime.fromisoformat(item["as_of"])
    return Count(
        confirmed=item["count"],
        as_of=as_of,
        recent=_recent(item),
        withdrawn=item.get("withdrawn", 0),
        by_partners=item.get("by_partners", 0),
    )


def _recent(item: Item) -> Recent | None:
    stored = item.get("recent")
    if not stored:
        return None
    as_of = datetime.fromisoformat(stored["as_of"])
    return Recent(today=stored["today"], last_day=stored["last_day"], areas=stored["areas"], as_of=as_of)


def lease_recent(slug: str, now: datetime, tables: Tables) -> bool:
    """Take the lease to refresh the recent numbers. Return True to one caller, which must then call `save_recent`."""
    return snapshots.lease_snapshot(slug, now, LEASE_SECONDS, tables, snapshots.RECENT_LEASE)


def save_recent(slug: str, recent: Recent, tables: Tables) -> None:
    """Save the recent numbers with the snapshot, so that the page reads both at once."""
    snapshots.save_recent(slug, {**asdict(recent), "as_of": iso(recent.as_of)}, tables)


def _stale_count(snapshot: Count | None) -> Count:
    """Return the snapshot, however old it is. Raise Unavailable if there is none."""
    if snapshot is None:
        raise Unavailable
    return snapshot


def _refresh(petition: TalliedPetition, snapshot: Count | None, now: datetime, tables: Tables) -> Count | None:
    """Count the petition and replace its snapshot. Return None if another caller has the lease."""
    if not snapshots.lease_snapshot(petition.slug, now, LEASE_SECONDS, tables):
        return None
    count = exact_count(petition, now, tables)
    _save(petition.slug, count, snapshot, tables)
    return count


def _save(slug: str, count: Count, snapshot: Count | None, tables: Tables) -> None:
    """Save the count. `snapshot`: what is stored, as it was read."""
    as_of, read = count.as_of, snapshot.as_of if snapshot else None
    if read and read > as_of:
        log.event("future_snapshot_replaced", petition=slug, stored=iso(read), now=iso(as_of))
    snapshots.save_snapshot(slug, count.confirmed, as_of, tables, count.withdrawn, count.by_partners, read=read)
