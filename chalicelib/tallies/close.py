"""Close the past days of tallies: store the sum of a day's shards in one item, and add it to the head (store.py).

A reader of the count does this, because no other process runs once a day.
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

# A transaction that began before midnight UTC may end after it, but on AWS never this late.
GRACE = timedelta(hours=1)
# The first reader in weeks finds thousands of days, and has 15 seconds: later readers close the rest.
CLOSING_SECONDS = 3.0
# With the largest items (400 KB each), these still fit into the 4 MB of one transaction.
DAYS_AT_ONCE = 9


def close_past_days(
    tallies: Iterable[tuple[store.OpenDays, Mapping[date, Tally]]], now: datetime, tables: Tables
) -> None:
    """Close the days that are over, oldest first. `tallies`: of each petition, the days not closed and their tallies.

    A day must be over for GRACE, by our clock and by AWS's (`answered_at`): signatures may still be added to it.
    """
    deadline = monotonic() + CLOSING_SECONDS
    aws_time = tables.answered_at or now
    finished_until = min(now, aws_time) - GRACE
    for open_days, tally_by_day in tallies:
        past_days = [day for day in open_days.days if day < finished_until.date()]
        # If this fails, another reader has closed the days, or a later one will. The count is right anyway.
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
