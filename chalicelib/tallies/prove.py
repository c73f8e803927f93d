"""The tally as it is kept, for whoever compares it with the signatures; and an explicit way to put it right."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from typing import NamedTuple

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.times import iso
from chalicelib.tallies import store
from chalicelib.tallies.count import days_after
from chalicelib.tallies.model import COUNTRY, HOUR, SOURCE, TOTAL, By, Counted, Tally, summed

# The one key of what can only agree as a whole: which day or hour lost something, no signature can say.
WHOLE = "all"


class Sum(NamedTuple):
    """A number of the tally that the signatures can prove. `by` is empty for the count itself."""

    by: str
    key: str = WHOLE


COUNT, DAYS, HOURS = Sum(""), Sum(By.DAY), Sum(By.HOUR)


def sums_of_one(country: str, source: str) -> tuple[Sum, ...]:
    """Where one confirmed signature must have been counted."""
    return COUNT, DAYS, HOURS, Sum(By.COUNTRY, country), Sum(By.SOURCE, source)


def kept_sums(petition: Counted, now: datetime, tables: Tables) -> dict[Sum, int]:
    """Read consistently, and without closing a day: who proves a tally need not be able to change it."""
    head = store.head(petition.slug, tables)
    open_days = days_after(head, petition, now, tables)
    whole = summed([*store.closed_days(petition.slug, date.min, head.through, tables).values(), *open_days.values()])
    return {COUNT: head.total + summed(open_days.values()).total, **_sums(whole)}


def adjust(slug: str, drift: Mapping[Sum, int], now: datetime, tables: Tables) -> dict[str, int]:
    """Take the drift out of every sum, as an entry of today that is kept as what it is; returns that entry.

    A day that is over stays as it was. Raise ConditionFailed if this second has had its adjustment.
    """
    numbers = {name: -amount for name, amount in _named(drift, now).items() if amount}
    in_head = drift.get(DAYS, 0) - drift.get(COUNT, 0)
    store.adjust(slug, now, numbers, in_head, tables)
    return {**numbers, "head": in_head}


def adjustments(slug: str, since: datetime, tables: Tables) -> list[tuple[datetime, int]]:
    """When the count itself was adjusted, and by how much; oldest first."""
    between = (keys.tally_adjustment(slug, iso(since)).sk, keys.tally_adjustment(slug, "9").sk)
    items = tables.query(keys.COUNTS, keys.tally_partition(slug), between)
    found = [(item["sk"].partition("#")[2], item.get(TOTAL, 0) + item["head_total"]) for item in items]
    return [(datetime.fromisoformat(moment), amount) for moment, amount in found if amount]


def _sums(tally: Tally) -> dict[Sum, int]:
    return {
        DAYS: tally.total,
        HOURS: sum(tally.hours.values()),
        **{Sum(By.COUNTRY, key): number for key, number in tally.countries.items()},
        **{Sum(By.SOURCE, key): number for key, number in tally.sources.items()},
    }


def _named(drift: Mapping[Sum, int], now: datetime) -> Counter[str]:
    """As the numbers of a tally item. What the hours lack goes to the hour of the repair."""
    prefixes: dict[str, str] = {By.COUNTRY: COUNTRY, By.SOURCE: SOURCE}
    named = Counter({TOTAL: drift.get(DAYS, 0), f"{HOUR}{now:%H}": drift.get(HOURS, 0)})
    named.update({prefixes[by] + key: amount for (by, key), amount in drift.items() if by in prefixes})
    return named
