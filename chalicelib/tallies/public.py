"""The count that the public sees: a stored snapshot. A caller that reads a stale one refreshes it.

A snapshot from the future is stale too. Only the caller that gets the lease counts; the others return the stale count,
or count without saving if there is none.
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

# A CDN's copy may be 6 s older, and the list of petitions another second: the public's count is less than 10 s old.
FRESH_FOR = timedelta(seconds=2)
LEASE_SECONDS = 10
# The other stale snapshots wait for the next refresh of the list, after 2 s.
MAX_REFRESHED = 100


def public_count(petition: TalliedPetition, now: datetime, tables: Tables) -> Count:
    """Return the snapshot's count, by one read. If it is stale or missing, count, and save with the lease.

    From the load-shedding level SNAPSHOT_ONLY on, or if counting fails, return the stale count; without one, raise
    Unavailable.
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
    # Those stay stored: only `save_recent` replaces them.
    return replace(count, recent=snapshot.recent) if snapshot else count


def public_counts(petitions: Sequence[TalliedPetition], now: datetime, tables: Tables) -> dict[str, Count]:
    """Return the counts by slug. Refresh the oldest snapshots that are stale, and those that are missing.

    From the load-shedding level SNAPSHOT_ONLY on, or if that fails, return stale counts, without the missing ones.
    """
    items = snapshots.snapshots([petition.slug for petition in petitions], tables)
    snapshot_by_slug = {slug: found for slug, item in items.items() if (found := _snapshot(item))}
    fresh = {slug for slug, snapshot in snapshot_by_slug.items() if _is_fresh(snapshot, now)}
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

    The lease is not released. It expires when the new snapshots are stale.
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
    """Return the stored count. None: the item has only a lease, as the first refresh is running or crashed."""
    if "count" not in item:
        return None
    return Count(
        confirmed=item["count"],
        as_of=datetime.fromisoformat(item["as_of"]),
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
    snapshots.save_recent(slug, {**asdict(recent), "as_of": iso(recent.as_of)}, tables)


def _stale_count(snapshot: Count | None) -> Count:
    if snapshot is None:
        raise Unavailable
    return snapshot


def _refresh(petition: TalliedPetition, snapshot: Count | None, now: datetime, tables: Tables) -> Count | None:
    if not snapshots.lease_snapshot(petition.slug, now, LEASE_SECONDS, tables):
        return None
    count = exact_count(petition, now, tables)
    _save(petition.slug, count, snapshot, tables)
    return count


def _save(slug: str, count: Count, snapshot: Count | None, tables: Tables) -> None:
    as_of, read = count.as_of, snapshot.as_of if snapshot else None
    if read and read > as_of:
        log.event("future_snapshot_replaced", petition=slug, stored=iso(read), now=iso(as_of))
    snapshots.save_snapshot(slug, count.confirmed, as_of, tables, count.withdrawn, count.by_partners, read=read)
