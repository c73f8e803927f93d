"""The funnel in the counts table: one item for each day and bucket, and one summed item for each closed day."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import date

from chalicelib.aws.table import NewItem, Tables
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed
from chalicelib.projections.funnel.model import Numbers, numbers_of


def numbers_of_days(slug: str, days: Sequence[date], tables: Tables) -> dict[date, Numbers]:
    """Return the numbers of these days, summed over the buckets. They may lag by seconds."""
    sums: dict[date, Numbers] = {day: Counter() for day in days}
    counters = [keys.funnel(slug, bucket, day) for day in days for bucket in keys.BUCKETS]
    for item in tables.batch_get(counters):
        day = date.fromisoformat(item["sk"])
        sums[day].update(numbers_of(item))
    return sums


def closed_days(slug: str, tables: Tables) -> dict[date, Numbers]:
    """Return the closed days in order. There are no gaps, because a day is closed after the day before it (read.py)."""
    items = tables.query(keys.COUNTS, keys.funnel_days_partition(slug))
    return {date.fromisoformat(item["sk"]): numbers_of(item) for item in items}


def close_day(slug: str, day: date, numbers: Numbers, tables: Tables) -> None:
    """Store the sum of a day. If the sum is stored already, do nothing: the stored sum is the same."""
    with suppress(ConditionFailed):
        tables.put_new(NewItem(keys.funnel_day(slug, day), numbers))
