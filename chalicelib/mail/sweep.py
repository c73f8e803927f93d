"""Find mail requests that are no longer in any queue, and queue them again.

A queue keeps messages for 14 days and a stream for one day, but the quota may spread a spike over three weeks.
The requests are stored on their items, without an index. So a pass reads all these items, some in each run.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.keys import Key
from chalicelib.core.times import iso
from chalicelib.mail.outbox import Outbox
from chalicelib.mail.state import DeliveryState

# While queues are busy, a request counts as lost after 12 of SQS's 14 days: a pass may take a day or two.
QUEUE_FORGETS = timedelta(days=12)
# While queues are (nearly) empty, a request older than this counts as lost.
ON_ITS_WAY = timedelta(hours=1)
BUSY = 100
PASS_EVERY = timedelta(hours=6)

# Limits of one run. Queueing and marking 5,000 requests takes about 40 s.
MAX_PAGES, PAGE, MAX_REQUESTS = 200, 500, 5000

# Every partition that holds requests, by name and sorted, with its state and its key.
Partitions = Mapping[str, tuple[DeliveryState, Key]]


@dataclass(frozen=True)
class Cursor:
    """The cursor of a pass: continue after this item of this partition. The partition is None when done."""

    began: str
    partition: str | None = ""
    after: str = ""


@dataclass(frozen=True)
class Run:
    """What one run of the sweep needs. A request last queued before `since` is lost."""

    partitions: Partitions
    since: datetime
    outbox: Outbox
    now: datetime
    tables: Tables


def sweep(outbox: Outbox, now: datetime, tables: Tables) -> int:
    """Return how many requests were queued again. After a crash, a page is repeated: requests are idempotent."""
    cursor = _cursor(now, tables)
    if cursor.partition is None:
        return 0
    since = now - (QUEUE_FORGETS if outbox.depth() > BUSY else ON_ITS_WAY)
    run = Run(_partitions(outbox, tables), since, outbox, now, tables)
    queued = 0
    for _ in range(MAX_PAGES):
        found, cursor = _sweep_page(cursor, run)
        tables.put(keys.mail_sweep(), _as_item(cursor))
        queued += found
        if cursor.partition is None or queued >= MAX_REQUESTS:
            break
    return queued


def _sweep_page(cursor: Cursor, run: Run) -> tuple[int, Cursor]:
    here, following = _this_and_next(cursor, run.partitions)
    if here is None:
        return 0, Cursor(cursor.began, None)
    state, start = run.partitions[here]
    start = start._replace(sk=cursor.after if here == cursor.partition else "")
    requests, last = state.waiting(start, run.since, run.now, PAGE, run.tables)
    run.outbox.send([(request, 0) for request in requests])
    # Mark after queueing: if marked first, a crash would hide a request for a fortnight.
    for request in requests:
        state.mark_queued(request, run.now, run.tables)
    return len(requests), Cursor(cursor.began, here, last) if last else Cursor(cursor.began, following)


def _this_and_next(cursor: Cursor, partitions: Iterable[str]) -> tuple[str | None, str | None]:
    """Continue by the order of names: petitions may have been added or removed since the last run."""
    here, following, *_ = *(each for each in partitions if each >= (cursor.partition or "")), None, None
    return here, following


def _partitions(outbox: Outbox, tables: Tables) -> Partitions:
    states = {kind.state for kind in outbox.kinds.values()}  # Kinds may share one.
    found = {f"{start.table}/{start.pk}": (state, start) for state in states for start in state.partitions(tables)}
    return dict(sorted(found.items()))


def _cursor(now: datetime, tables: Tables) -> Cursor:
    """Return the cursor of the current pass. Start a new pass when the last is done and PASS_EVERY has gone by."""
    item = tables.get(keys.mail_sweep(), consistent=True)
    if item is None or (item.get("partition") is None and item["began"] <= iso(now - PASS_EVERY)):
        return Cursor(iso(now))
    return Cursor(item["began"], item.get("partition"), item.get("after", ""))


def _as_item(cursor: Cursor) -> dict[str, str]:
    here = {} if cursor.partition is None else {"partition": cursor.partition, "after": cursor.after}
    return {"began": cursor.began, **here}
