"""Read the sums of a petition's tally for a recount, which compares them with the signatures. Adjust wrong sums.

The drift of a sum is the tally's number minus the number of signatures. An adjustment subtracts it from the tally.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple

from chalicelib.aws.expressions import chunks
from chalicelib.aws.table import Attr, Change, NewItem, Tables, is_still
from chalicelib.core import keys
from chalicelib.core.times import iso, iso_or_none
from chalicelib.tallies import store
from chalicelib.tallies.count import read_open_days
from chalicelib.tallies.model import (
    BY_PARTNERS,
    COUNTRY_PREFIX,
    HOUR_PREFIX,
    SOURCE_PREFIX,
    TOTAL,
    TalliedPetition,
    Tally,
    TallyDimension,
    summed,
)

# The key of sums over all days, hours and partners: single ones are not compared (projections/recount.py says why).
WHOLE = "all"
AFTER_ALL_TIMES = "9"
# DynamoDB refuses an expression over 4,096 bytes: about 330 numbers.
PART = 100


class SumName(NamedTuple):
    """The name of a sum. `by`: a dimension such as country, or "" for the count. `key`: a value such as GB."""

    by: str
    key: str = WHOLE


COUNT, PARTNERS = SumName(""), SumName(BY_PARTNERS)
DAYS, HOURS = SumName(TallyDimension.DAY), SumName(TallyDimension.HOUR)


def sums_for_signature(country: str, source: str, *, by_partner: bool) -> tuple[SumName, ...]:
    partners = (PARTNERS,) if by_partner else ()
    country_sum, source_sum = SumName(TallyDimension.COUNTRY, country), SumName(TallyDimension.SOURCE, source)
    return COUNT, DAYS, HOURS, country_sum, source_sum, *partners


def tally_sums(petition: TalliedPetition, now: datetime, tables: Tables) -> dict[SumName, int]:
    """Return the tally's sums. All reads are consistent. Nothing is written: the caller has no right to."""
    head = store.head(petition.slug, tables)
    open_tallies = read_open_days(head, petition, now, tables)
    closed_tallies = store.closed_days(petition.slug, date.min, head.through, tables)
    open_sum, closed_sum = summed(open_tallies.values()), summed(closed_tallies.values())
    # For the closed days, COUNT takes the sum in the head, and DAYS adds up the days. They differ only if one is wrong.
    count = head.total + open_sum.total
    return {COUNT: count, **_sums(summed([closed_sum, open_sum]))}


def reopen(slug: str, now: datetime, tables: Tables) -> list[date]:
    """Reopen the days that were closed before they were over, by the clock of AWS (`answered_at`), and return them.

    Raise ConditionFailed if another caller closes or reopens a day meanwhile.
    """
    aws_time = tables.answered_at or now
    return store.reopen(slug, aws_time.date(), tables)


def last_adjusted(slug: str, tables: Tables) -> datetime | None:
    """Return when the tally was last adjusted. Read this before `tally_sums`, and pass it to `adjust`."""
    return store.head(slug, tables).adjusted_at


def adjust(
    slug: str, drift: Mapping[SumName, int], now: datetime, tables: Tables, last: datetime | None = None
) -> dict[str, int]:
    """Subtract the drift from every sum, and record this. Return the numbers added, by attribute of today's item.

    "head" is for the head's total. Past days stay as they are. The numbers are added in parts, the count first: after a
    crash, a recount finds what is left. `last`: see `last_adjusted`. Raise ConditionFailed if the tally was adjusted
    after that: then the drift is no longer known.
    """
    today = tables.answered_at or now
    drift_by_name = _as_numbers(drift, today)
    numbers = {name: -amount for name, amount in drift_by_name.items() if amount}
    # DAYS sums the totals of all days; COUNT is the head's total plus those of the open days. Today's total gets the
    # correction of DAYS, which corrects COUNT too: the head's total gets only the rest.
    change_of_today = -drift.get(DAYS, 0)
    change_of_count = -drift.get(COUNT, 0)
    change_of_head = rest_of_head = change_of_count - change_of_today
    for part in [*chunks([*numbers.items()], PART)] or [()]:
        last = _add_to_tally(slug, today, dict(part), rest_of_head, last, tables)
        rest_of_head = 0
    return {**numbers, "head": change_of_head}


def _add_to_tally(
    slug: str, today: datetime, numbers: Mapping[str, int], of_head: int, last: datetime | None, tables: Tables
) -> datetime:
    """Add `numbers` to today's first shard, `of_head` to the head's total, and store a record: all or nothing.

    Return the time in the record's key, a second or more after `last`. Raise ConditionFailed after another adjustment,
    so that a retry cannot adjust twice, or if today is closed: then its shards are not read.
    """
    moment = max(today, last + timedelta(seconds=1)) if last else today
    record = NewItem(keys.tally_adjustment(slug, iso(moment)), {**numbers, "head_total": of_head})
    is_next = is_still(store.ADJUSTED_AT, iso_or_none(last)) & Attr("through").lt(today.date().isoformat())
    at = {store.ADJUSTED_AT: iso(moment)}
    head_change = Change(keys.tally_head(slug), assign=at, add={TOTAL: of_head}, when=is_next)
    shard_change = Change(keys.tally_shard(slug, 0, today.date()), add=numbers)
    tables.transact([record, head_change, *([shard_change] if numbers else [])])  # DynamoDB refuses an empty change.
    return moment


class Adjustment(NamedTuple):
    slug: str
    at: datetime
    amount: int


class TallyHealth(NamedTuple):
    """`refused`: by slug, a day that DynamoDB refused to close, and that is still open."""

    adjustments: list[Adjustment]
    refused: dict[str, date]


def tally_health(slugs: Iterable[str], since: datetime, tables: Tables) -> TallyHealth:
    """Return also the adjustments at or after `since` that changed a count.

    The head has the time of the latest adjustment, so only tallies adjusted since are queried.
    """
    heads = store.heads(slugs, tables)
    found: list[Adjustment] = []
    for slug, head in heads.items():
        if head.adjusted_at and head.adjusted_at >= since:
            found += _adjustments(slug, since, tables)
    refused = {slug: head.refused for slug, head in heads.items() if head.refused and head.refused > head.through}
    return TallyHealth(found, refused)


def _adjustments(slug: str, since: datetime, tables: Tables) -> Iterator[Adjustment]:
    between = (keys.tally_adjustment(slug, iso(since)).sk, keys.tally_adjustment(slug, AFTER_ALL_TIMES).sk)
    items = tables.query(keys.COUNTS, keys.tally_partition(slug), between)
    for item in items:
        # An adjustment may change today's total, by TOTAL, and the head's, by "head_total".
        amount = item.get(TOTAL, 0) + item["head_total"]
        if amount:
            _, _, moment = item["sk"].partition("#")
            yield Adjustment(slug, datetime.fromisoformat(moment), amount)


def _sums(tally: Tally) -> dict[SumName, int]:
    sums = {DAYS: tally.total, HOURS: tally.hours.total(), PARTNERS: tally.by_partners}
    sums |= {SumName(TallyDimension.COUNTRY, country): number for country, number in tally.countries.items()}
    return sums | {SumName(TallyDimension.SOURCE, source): number for source, number in tally.sources.items()}


def _as_numbers(drift: Mapping[SumName, int], now: datetime) -> dict[str, int]:
    """Return the drift as attributes of today's item, without COUNT. HOURS goes to the current hour."""
    prefixes: dict[str, str] = {TallyDimension.COUNTRY: COUNTRY_PREFIX, TallyDimension.SOURCE: SOURCE_PREFIX}
    current_hour = f"{HOUR_PREFIX}{now:%H}"
    totals = {TOTAL: DAYS, current_hour: HOURS, BY_PARTNERS: PARTNERS}
    numbers = {name: drift.get(total, 0) for name, total in totals.items()}
    return numbers | {prefixes[by] + key: amount for (by, key), amount in drift.items() if by in prefixes}
