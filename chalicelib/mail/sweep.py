"""Find mail requests that are no longer in any queue, and queue them again.

A queue keeps messages for 14 days and a stream for one day, but the quota may spread a spike over three weeks.
The requests are stored on the signatures, without an index. So a pass reads all signatures, some in each run.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.keys import Key
from chalicelib.core.times import iso
from chalicelib.mail.outbox import Outbox
from chalicelib.mail.relay import request_of
from chalicelib.petitions.find import all_petitions
from chalicelib.signatures import mail_state

# While queues are busy, a request counts as lost after 12 of SQS's 14 days: a pass may take a day or two.
QUEUE_FORGETS = timedelta(days=12)
# While queues are (nearly) empty, a request older than this counts as lost.
ON_ITS_WAY = timedelta(hours=1)
BUSY = 100
PASS_EVERY = timedelta(hours=6)

# Limits of one run. Queueing and marking 5,000 requests takes about 40 s.
MAX_PAGES, PAGE, MAX_REQUESTS = 200, 500, 5000


@dataclass(frozen=True)
class Cursor:
    """The cursor of a pass: continue after this signature of this partition. The partition is None when done."""

    began: str
    partition: str | None = ""
    after: str = ""


def sweep(outbox: Outbox, now: datetime, tables: Tables) -> int:
    """Return how many requests were queued again. After a crash, a page is repeated: requests are idempotent."""
    cursor = _cursor(now, tables)
    if cursor.partition is None:
        return 0
    since = now - (QUEUE_FORGETS if outbox.depth() > BUSY else ON_ITS_WAY)
    partitions = _partitions(tables)
    queued = 0
    for _ in range(MAX_PAGES):
        found, cursor = _sweep_page(cursor, partitions, since, outbox, now, tables)
        tables.put(keys.mail_sweep(), _as_item(cursor))
        queued += found
        if cursor.partition is None or queued >= MAX_REQUESTS:
            break
    return queued


def _sweep_page(
    cursor: Cursor, partitions: list[str], since: datetime, outbox: Outbox, now: datetime, tables: Tables
) -> tuple[int, Cursor]:
    here, following = _this_and_next(cursor, partitions)
    if here is None:
        return 0, Cursor(cursor.began, None)
    start = Key(keys.SIGNATURES, here, cursor.after if here == cursor.partition else "")
    items, last = mail_state.requests_waiting(start, since, now, PAGE, tables)
    requests = [request_of(item) for item in items]
    outbox.send([(request, 0) for request in requests])
    # Mark after queueing: if marked first, a crash would hide a request for a fortnight.
    for request in requests:
        mail_state.mark_queued(request.key, request.requested_at, now, tables)
    return len(requests), Cursor(cursor.began, here, last) if last else Cursor(cursor.began, following)


def _this_and_next(cursor: Cursor, partitions: list[str]) -> tuple[str | None, str | None]:
    """Continue by the order of keys: petitions may have been added or removed since the last run."""
    here, following, *_ = *(each for each in partitions if each >= (cursor.partition or "")), None, None
    return here, following


def _partitions(tables: Tables) -> list[str]:
    slugs = [petition.slug for petition in all_petitions(tables)]
    return sorted(keys.signature_partition(slug, bucket) for slug in slugs for bucket in keys.BUCKETS)


def _cursor(now: datetime, tables: Tables) -> Cursor:
    """Return the cursor of the current pass. Start a new pass when the last is done and PASS_EVERY has gone by."""
    item = tables.get(keys.mail_sweep(), consistent=True)
    if item is None or (item.get("partition") is None and item["began"] <= iso(now - PASS_EVERY)):
        return Cursor(iso(now))
    return Cursor(item["began"], item.get("partition"), item.get("after", ""))


def _as_item(cursor: Cursor) -> dict[str, str]:
    here = {} if cursor.partition is None else {"partition": cursor.partition, "after": cursor.after}
    return {"began": cursor.began, **here}
