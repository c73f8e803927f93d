"""Close the past days of tallies. A reader of the count does this, because no other process runs once a day.

A petition's numbers of a day are spread over several items, the shards. To close a day is to store the sum of its
shards in one item, and to add it to the head, the item with the sum of all closed days.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from time import monotonic

from chalicelib.aws.expressions import chunks
from chalicelib.aws.table import Tables
from chalicelib.core import log
from chalicelib.core.errors import ConditionFailed, DayNotClosed, Unavailable
from chalicelib.tallies import store
from chalicelib.tallies.model import Tally

# How long after midnight UTC the past day is closed. A transaction that began before midnight may end after midnight,
# but on AWS never this late.
GRACE = timedelta(hours=1)
# If nobody has read many petitions for weeks, the next reader finds thousands of days to close, and has 15 seconds. So
# a reader begins no transaction after this time, and later readers close the rest. The count is right without closing.
CLOSING_SECONDS = 3.0
# How many days one transaction closes: with the largest items (400 KB each), these still fit into its 4 MB.
DAYS_AT_ONCE = 9


def close_past_days(
    tallies: Iterable[tuple[store.OpenDays, Mapping[date, Tally]]], now: datetime, tables: Tables
) -> None:
    """Close the days that are over, oldest first. `tallies`: of each petition, the days not closed and their tallies.

    A day must have been over for GRACE, by our clock and by the clock of AWS (`answered_at`). Otherwise, a reader whose
    clock is ahead could close a day to which signatures are still added.
    """
    deadline = monotonic() + CLOSING_SECONDS
    aws_time = tables.answered_at or now
    finished_until = min(now, aws_time) - GRACE
    for open_days, tally_by_day in tallies:
        past_days = [day for day in open_days.days if day < finished_until.date()]
        # If this fails, another reader has closed the days, or a later reader will. Our caller's count is right anyway.
        with suppress(ConditionFailed, Unavailable):
            for days in chunks(past_days, DAYS_AT_ONCE):
                if monotonic() >= deadline:
                    return
                closed = {day: tally_by_day[day] for day in days}
                try:
                    store.close_days(open_days.slug, closed, open_days.shards, tables)
                except DayNotClosed:
                    log.degraded("day_not_closed", petition=open_days.slug, day=days[0].isoformat())
                    break
