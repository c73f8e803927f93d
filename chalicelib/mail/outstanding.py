"""Mark the groups of partitions that perhaps have open requests for emails. The sweep (sweep.py) walks marked groups.

A group is all partitions with the signatures of one petition, or with the deliveries of one kind of email; the number
at the end of each key is the bucket. An index of open requests would cost each signing a second write. So there are
only markers: the relay, which reads every new request from the stream, marks the group. To walk a group is to read all
its items. After the walk, the sweep clears the marker if no request is open.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.aws.table import Attr, Change, Tables
from chalicelib.core import keys
from chalicelib.core.caching import kept
from chalicelib.core.errors import Unavailable
from chalicelib.core.keys import Key
from chalicelib.core.times import iso

MARK_EVERY = timedelta(minutes=10)
# The clocks of two processes differ by less than this. A read returns all writes that are older than this.
SLACK = timedelta(minutes=5)


@dataclass(frozen=True)
class Marker:
    """A marked group. The sweep walks it when `due_at` has come ("": without waiting).

    The last four fields describe an unfinished walk. `began_at`: when it began. `seen`: `marked_at` at that time.
    `position`: where to continue. `earliest`: when the first of the requests found so far will count as lost.
    """

    group: str
    marked_at: str
    due_at: str = ""
    began_at: str = ""
    seen: str = ""
    position: str = ""
    earliest: str = ""


# Only `mark` stores `marked_at`.
_STORED_BY_SWEEP = ("due_at", "began_at", "seen", "position", "earliest")
_STORED = ("marked_at", *_STORED_BY_SWEEP)  # All attributes of a marker, except its keys.


def group_of(key: Key) -> str:
    """Its table, and its partition without "#<bucket>" at the end."""
    return f"{key.table}/{key.pk.rpartition('#')[0]}"


def start_key(group: str, bucket: str, after: str) -> Key:
    """Return the key after which reading continues. `after` is a sort key ("": the beginning)."""
    table, _, name = group.partition("/")
    return Key(table, f"{name}#{bucket}", after)


_last_marked: dict[str, datetime] = kept({})


def mark_unless_recent(groups: Iterable[str], now: datetime, tables: Tables) -> None:
    """Ignore errors, so that no email waits for a marker. Within a day, the sweep also looks into unmarked groups."""
    for group in set(groups):
        last_marked = _last_marked.get(group)
        # `abs`, because the clock may have been set back since the last mark.
        if last_marked and abs(now - last_marked) < MARK_EVERY:
            continue
        try:
            mark(group, now, tables)
        except Unavailable:
            continue
        _last_marked[group] = now


def mark(group: str, now: datetime, tables: Tables) -> None:
    """Never move `marked_at` back: it is never earlier than a process's last mark. `end_walk` relies on this."""
    key = keys.mail_outstanding(group)
    was_earlier = Attr("marked_at").not_exists() | Attr("marked_at").lt(iso(now))
    tables.try_update(Change(key, assign={"marked_at": iso(now)}, when=was_earlier))


def bring_walk_forward(group: str, due: datetime, tables: Tables) -> None:
    """Make the sweep walk the group at `due` or before, because an email of the group is due then.

    Ignore errors: after an error or a race with a walk, the email is up to an hour late.
    """
    key = keys.mail_outstanding(group)
    was_later = Attr("due_at").gt(iso(due))  # For a marker without `due_at`, the next run walks anyway.
    with suppress(Unavailable):
        tables.try_update(Change(key, assign={"due_at": iso(due)}, when=was_later))


def markers(tables: Tables) -> list[Marker]:
    items = tables.query(keys.COUNTS, keys.MAIL_OUTSTANDING_PARTITION)
    marked = (_marker(item) for item in items if "marked_at" in item)  # `_clear` leaves items with only their keys.
    return sorted(marked, key=lambda marker: marker.due_at)


def begin_or_resume_walk(marker: Marker, now: datetime) -> Marker:
    """A new walk keeps the present `marked_at` as `seen`. If they differ at its end, there was a new mark."""
    if marker.began_at:
        return marker
    return replace(marker, began_at=iso(now), seen=marker.marked_at)


def store_walk(marker: Marker, tables: Tables) -> None:
    """Store the unfinished walk and its due time, unless the marker has been cleared meanwhile."""
    key = keys.mail_outstanding(marker.group)
    fields = {name: getattr(marker, name) for name in _STORED_BY_SWEEP}
    is_marked = Attr("marked_at").exists()
    tables.try_update(Change(key, assign=fields, when=is_marked))


def end_walk(marker: Marker, next_walk_within: timedelta, tables: Tables) -> None:
    """Clear the marker if the group has no open request. Otherwise set when the next walk is due.

    `next_walk_within`: the longest time between the beginnings of two walks. A walk misses a request that is made
    meanwhile in a partition that was read already. If its process marks the group, `_clear` fails. But a process that
    made a mark less than MARK_EVERY ago, perhaps before the walk, makes none. So clear only if nobody marked the group
    in the last MARK_EVERY before the walk (`seen`). SLACK allows for clocks that differ, and for late reads.
    """
    began_at = datetime.fromisoformat(marker.began_at)
    is_last_mark_old = marker.seen <= iso(began_at - MARK_EVERY - SLACK)
    has_open_request = bool(marker.earliest)  # `earliest`: when the first open request will count as lost.
    may_clear = is_last_mark_old and not has_open_request
    if may_clear and _clear(marker, tables):
        return
    latest = iso(began_at + next_walk_within)
    due_at = min(marker.earliest, latest) if has_open_request else latest
    store_walk(Marker(marker.group, marker.marked_at, due_at), tables)


def _clear(marker: Marker, tables: Tables) -> bool:
    """Return False if the group was marked again after the walk began."""
    key = keys.mail_outstanding(marker.group)
    is_unchanged = Attr("marked_at").eq(marker.seen)  # `seen`: `marked_at` when the walk began.
    return tables.try_update(Change(key, remove=_STORED, when=is_unchanged))


def _marker(item: dict[str, Any]) -> Marker:
    stored = {name: item[name] for name in _STORED if name in item}
    return Marker(group=item["sk"], **stored)
