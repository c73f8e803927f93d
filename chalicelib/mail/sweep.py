"""Find requests for emails that are no longer in any queue, and queue them again.

SQS keeps a message for 14 days and a stream keeps a record for one day, but with SES's quota the emails of a busy day
may take three weeks. A run walks the marked groups of partitions (outstanding.py), so its time depends on how much
email waits. If a record of the stream is lost, its group may have no marker. So once a day, a pass looks into all
groups without a marker: each run does a slice of it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from heapq import merge
from itertools import repeat
from math import ceil
from operator import itemgetter

from chalicelib.aws.table import Item, Tables
from chalicelib.core import keys
from chalicelib.core.times import iso
from chalicelib.mail import outstanding
from chalicelib.mail.kind import Outbox
from chalicelib.mail.outstanding import Marker
from chalicelib.mail.relay import CLOCKS_DIFFER
from chalicelib.mail.state import DeliveryState

# With more than BACKLOG_DEPTH messages in the queues. SQS keeps a message for 14 days, and a walk may take hours.
LOST_AFTER_IF_BACKLOG = timedelta(days=12)
LOST_AFTER_IF_NO_BACKLOG = timedelta(hours=1)
# A held email is queued again at most once in this time.
REQUEUE_AFTER = timedelta(hours=6)
BACKLOG_DEPTH = 100
PASS_EVERY = timedelta(days=1)

# For a slice of the pass, and for the whole run. The function times out after 120 s.
SLICE_SECONDS, RUN_SECONDS = 20.0, 80.0
# Queueing and marking 500 requests takes about 4 s.
PAGE_SIZE = 500


@dataclass(frozen=True)
class Cursor:
    """Where the pass continues: `position` in `group` ("": the first group). `group` is None when the pass is done."""

    began: str
    group: str | None
    position: str = ""


@dataclass(frozen=True)
class SweepRun:
    """After `lost_after` a request counts as lost. `clock` is in seconds."""

    outbox: Outbox
    lost_after: timedelta
    now: datetime
    tables: Tables
    clock: Callable[[], float]

    @property
    def states(self) -> set[DeliveryState]:
        return {kind.state for kind in self.outbox.kinds.values()}  # Several kinds may share a state.


def sweep(outbox: Outbox, now: datetime, tables: Tables, clock: Callable[[], float]) -> int:
    """Queue lost requests again, and postponed requests that are due soon. Return how many.

    After a crash, the next run may queue the same requests again: requests are idempotent.
    """
    began = clock()
    lost_after = LOST_AFTER_IF_BACKLOG if outbox.depth() > BACKLOG_DEPTH else LOST_AFTER_IF_NO_BACKLOG
    run = SweepRun(outbox, lost_after, now, tables, clock)
    _mark_unmarked(run, began + SLICE_SECONDS)  # First: then this run walks the groups that it marks.
    queued = 0
    for marker in outstanding.markers(tables):
        if marker.due_at <= iso(now):
            marker_with_walk = outstanding.begin_or_resume_walk(marker, now)
            queued += _walk(marker_with_walk, run, began + RUN_SECONDS)
    return queued


def _walk(marker: Marker, run: SweepRun, deadline: float) -> int:
    states = [state for state in run.states if state.has_group(marker.group)]
    if not states or run.clock() >= deadline:  # No kind of email has this group any more, or no time is left.
        return 0
    state = states[0]  # No other state has this group.
    queued = 0
    while run.clock() < deadline:
        open_requests, position = _page(state, marker.group, marker.position, run.tables)
        count, next_lost_at = _queue_lost(open_requests, state, run)
        queued += count
        lost_times = [time for time in (marker.earliest, next_lost_at) if time]
        marker = replace(marker, earliest=min(lost_times, default=""))
        if position is None:
            # Not `run.lost_after`: a backlog may end soon, and then requests count as lost after this short time.
            outstanding.end_walk(marker, next_walk_within=LOST_AFTER_IF_NO_BACKLOG, tables=run.tables)
            return queued
        marker = replace(marker, position=position)
    outstanding.store_walk(marker, run.tables)
    return queued


def _queue_lost(items: list[Item], state: DeliveryState, run: SweepRun) -> tuple[int, str]:
    """Return how many were queued, and when the next will count as lost ("" if there are no items)."""
    lost, later_times = [], []
    for item in items:
        lost_at = state.lost_at(item, run.lost_after, REQUEUE_AFTER)
        if lost_at <= run.now:
            lost.append((state.request_of(item), _delay(item, run.now)))
        else:
            later_times.append(lost_at)
    run.outbox.send(lost)
    # Queue first, then mark. In the other order, a crash could leave a request marked but not queued.
    for request, delay in lost:
        state.mark_queued(request, run.now + timedelta(seconds=delay), run.tables)
    if lost:
        later_times.append(run.now + max(REQUEUE_AFTER, run.lost_after))  # These may count as lost again then.
    next_lost_at = iso(min(later_times)) if later_times else ""
    return len(lost), next_lost_at


def _delay(item: Item, now: datetime) -> int:
    if "mail_due_at" not in item:
        return 0
    arrival = datetime.fromisoformat(item["mail_due_at"]) + CLOCKS_DIFFER
    return max(0, ceil((arrival - now).total_seconds()))


def _mark_unmarked(run: SweepRun, deadline: float) -> None:
    """Continue the pass over the groups without a marker. Mark each group with an open request."""
    cursor = _current_cursor(run.now, run.tables)
    if cursor.group is None:  # The pass is done, and the next one is not due.
        return
    marked = {marker.group for marker in outstanding.markers(run.tables)}
    for group, state in _groups(cursor.group, run):
        if group in marked:
            continue
        # The last run stopped within the first group. Every other group is read from its beginning.
        position: str | None = cursor.position if group == cursor.group else ""
        while position is not None:
            if run.clock() >= deadline:
                _store_cursor(Cursor(cursor.began, group, position), run.tables)
                return
            open_requests, position = _page(state, group, position, run.tables)
            if open_requests:
                outstanding.mark(group, run.now, run.tables)
                break
    _store_cursor(Cursor(cursor.began, group=None), run.tables)


def _groups(first: str, run: SweepRun) -> Iterator[tuple[str, DeliveryState]]:
    """Sorted, so that a later run can continue the pass even if petitions were added meanwhile."""
    sorted_by_state = [zip(state.groups(first, run.tables), repeat(state), strict=False) for state in run.states]
    return merge(*sorted_by_state, key=itemgetter(0))


def _page(state: DeliveryState, group: str, position: str, tables: Tables) -> tuple[list[Item], str | None]:
    """Return the open requests, and the position after them (None: the end).

    A position is "<bucket>", "<bucket>/<sort key>", or "" for the beginning.
    """
    bucket, _, after = (position or keys.BUCKETS[0]).partition("/")
    items, last = state.open_requests(outstanding.start_key(group, bucket, after), PAGE_SIZE, tables)
    if last:
        return items, f"{bucket}/{last}"
    later_buckets = [other for other in keys.BUCKETS if other > bucket]
    return items, min(later_buckets, default=None)


def _current_cursor(now: datetime, tables: Tables) -> Cursor:
    """If the last pass is done and began PASS_EVERY ago, begin a new one."""
    new_pass = Cursor(began=iso(now), group="")
    item = tables.get(keys.mail_sweep(), consistent=True)
    if item is None:
        return new_pass
    cursor = Cursor(item["began"], item.get("group"), item.get("position", ""))  # No "group": the pass is done.
    next_pass_is_due = cursor.group is None and cursor.began <= iso(now - PASS_EVERY)
    return new_pass if next_pass_is_due else cursor


def _store_cursor(cursor: Cursor, tables: Tables) -> None:
    place = {} if cursor.group is None else {"group": cursor.group, "position": cursor.position}
    tables.put(keys.mail_sweep(), {"began": cursor.began, **place})
