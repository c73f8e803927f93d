"""Look for mail that is wanted and on no queue any more, and queue it again.

A queue keeps 14 days, a stream one, and a quota may stretch a spike over three weeks. The signatures themselves
know what is wanted; there is no index to find it by, so a pass reads them all, a bounded piece a run.
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

# While queues are busy, a request waits in one, until shortly before SQS forgets it: a pass may take a day or two.
QUEUE_FORGETS = timedelta(days=12)
# With nothing waiting in them, what is older than this is in none.
ON_ITS_WAY = timedelta(hours=1)
BUSY = 100
PASS_EVERY = timedelta(hours=6)

# One run: 200 pages of 500 signatures, or 5,000 requests. Sending and marking those takes about 40 s.
MAX_PAGES, PAGE, MAX_REQUESTS = 200, 500, 5000


@dataclass(frozen=True)
class Place:
    """How far this pass has come: after which signature of which partition. None when it is done."""

    began: str
    partition: str | None = ""
    after: str = ""


def sweep(outbox: Outbox, now: datetime, tables: Tables) -> int:
    """Return how many requests were queued again. A crash anywhere repeats a page: requests are idempotent."""
    place = _where(now, tables)
    if place.partition is None:
        return 0
    since = now - (QUEUE_FORGETS if outbox.depth() > BUSY else ON_ITS_WAY)
    partitions = _partitions(tables)
    queued = 0
    for _ in range(MAX_PAGES):
        found, place = _sweep_page(place, partitions, since, outbox, now, tables)
        tables.put(keys.mail_sweep(), _as_item(place))
        queued += found
        if place.partition is None or queued >= MAX_REQUESTS:
            break
    return queued


def _sweep_page(
    place: Place, partitions: list[str], since: datetime, outbox: Outbox, now: datetime, tables: Tables
) -> tuple[int, Place]:
    here, following = _this_and_next(place, partitions)
    if here is None:
        return 0, Place(place.began, None)
    start = Key(keys.SIGNATURES, here, place.after if here == place.partition else "")
    items, last = mail_state.requests_waiting(start, since, now, PAGE, tables)
    requests = [request_of(item) for item in items]
    outbox.send([(request, 0) for request in requests])
    # Marked only once queued: the other way round, a crash would hide a request for a fortnight.
    for request in requests:
        mail_state.mark_queued(request.key, request.requested_at, now, tables)
    return len(requests), Place(place.began, here, last) if last else Place(place.began, following)


def _this_and_next(place: Place, partitions: list[str]) -> tuple[str | None, str | None]:
    """A petition may have come or gone since the last run: the order of the keys tells where to go on."""
    here, following, *_ = *(each for each in partitions if each >= (place.partition or "")), None, None
    return here, following


def _partitions(tables: Tables) -> list[str]:
    slugs = [petition.slug for petition in all_petitions(tables)]
    return sorted(keys.signature_partition(slug, bucket) for slug in slugs for bucket in keys.BUCKETS)


def _where(now: datetime, tables: Tables) -> Place:
    """The pass that is under way; a new one when the last is done and began long enough ago."""
    item = tables.get(keys.mail_sweep(), consistent=True)
    if item is None or (item.get("partition") is None and item["began"] <= iso(now - PASS_EVERY)):
        return Place(iso(now))
    return Place(item["began"], item.get("partition"), item.get("after", ""))


def _as_item(place: Place) -> dict[str, str]:
    here = {} if place.partition is None else {"partition": place.partition, "after": place.after}
    return {"began": place.began, **here}
