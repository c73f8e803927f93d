"""The funnel's numbers in the counts table: a day's in its buckets' items, and summed up in one once it is over."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import date

from chalicelib.aws.table import NewItem, Tables
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed
from chalicelib.projections.funnel.model import Numbers, numbers_of


def open_days(slug: str, days: Sequence[date], tables: Tables) -> dict[date, Numbers]:
    """As far as the stream has been followed: seconds behind."""
    sums: dict[date, Numbers] = {day: Counter() for day in days}
    wanted = [keys.funnel(slug, bucket, day) for day in days for bucket in keys.BUCKETS]
    for item in tables.batch_get(wanted) if wanted else []:
        sums[date.fromisoformat(item["sk"])].update(numbers_of(item))
    return sums


def closed_days(slug: str, tables: Tables) -> dict[date, Numbers]:
    """In order, with no day missing between the first and the last."""
    items = tables.query(keys.COUNTS, keys.funnel_days(slug))
    return {date.fromisoformat(item["sk"]): numbers_of(item) for item in items}


def close_day(slug: str, day: date, numbers: Numbers, tables: Tables) -> None:
    """Whoever else closes it has read the same, for it changes no more."""
    with suppress(ConditionFailed):
        tables.put_new(NewItem(keys.funnel_day(slug, day), numbers))
