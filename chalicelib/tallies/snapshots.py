"""Store the snapshots of petitions in the counts table: the count and the recent numbers for the public.

The item also has the leases. For a few seconds, a lease lets only one caller refresh the numbers.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from chalicelib.aws.table import Attr, Change, Item, NewItem, Tables, absent_or_at_most, is_still
from chalicelib.core import keys
from chalicelib.core.times import iso, iso_or_none

LEASE, RECENT_LEASE = "leased_until", "recent_leased_until"


def snapshot(slug: str, tables: Tables) -> Item | None:
    """Return the snapshot's item. Perhaps it has only a lease, and no count yet. None: there is no item."""
    return tables.get(keys.snapshot(slug))


def snapshots(slugs: Iterable[str], tables: Tables) -> dict[str, Item]:
    return dict(tables.batch_get_by({keys.snapshot(slug): slug for slug in slugs}))


def open_snapshot(slug: str, now: datetime, tables: Tables) -> None:
    """Store a first snapshot with the count 0, unless the petition has one. Nobody has its lease (0)."""
    tables.try_put_new(NewItem(keys.snapshot(slug), {"count": 0, "as_of": iso(now), LEASE: 0}))


def lease_snapshot(slug: str, now: datetime, seconds: int, tables: Tables, lease: str = LEASE) -> bool:
    """Take the lease for `seconds`. Return False if another caller has it. It expires, because a caller may crash.

    A lease that ends much later is free too: its caller's clock is ahead.
    """
    now_epoch = int(now.timestamp())
    is_free = absent_or_at_most(lease, now_epoch) | Attr(lease).gt(now_epoch + 2 * seconds)
    return tables.try_update(Change(keys.snapshot(slug), assign={lease: now_epoch + seconds}, when=is_free))


def lease_list(now: datetime, seconds: int, tables: Tables) -> bool:
    """Take the lease of the list, under an empty slug, which no petition has. Return True once in `seconds`."""
    return lease_snapshot("", now, seconds, tables)


def save_recent(slug: str, recent: Mapping[str, object], tables: Tables) -> None:
    tables.update(Change(keys.snapshot(slug), assign={"recent": recent, RECENT_LEASE: 0}))


def save_snapshot(
    slug: str,
    count: int,
    as_of: datetime,
    tables: Tables,
    withdrawn: int = 0,
    by_partners: int = 0,
    *,
    read: datetime | None = None,
) -> None:
    """Save the count and release its lease, unless the stored count is newer and not the one that was `read`.

    A reader whose clock was ahead may have stored a snapshot from the future: that is replaced.
    """
    numbers = {"count": count, "withdrawn": withdrawn, "by_partners": by_partners}
    values = {**numbers, "as_of": iso(as_of), LEASE: 0}
    is_replaceable = absent_or_at_most("as_of", iso(as_of)) | is_still("as_of", iso_or_none(read))
    tables.try_update(Change(keys.snapshot(slug), assign=values, when=is_replaceable))
