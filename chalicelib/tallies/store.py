"""Store the tallies of petitions in the counts table.

A tally has numbers for each day (UTC), spread over several items, the shards, because transactions on one item
conflict. When a day is over, it is closed: the sum of its shards is stored in one item, and added to the head, the item
with the sum of all closed days.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from chalicelib.aws.failures import refusals_as
from chalicelib.aws.table import Attr, Change, Item, NewItem, Tables, absent_or_at_most
from chalicelib.core import keys
from chalicelib.core.errors import DayNotClosed, Unavailable, UnknownPetition
from chalicelib.core.keys import Key
from chalicelib.tallies.model import (
    BY_PARTNERS,
    COUNTRY_PREFIX,
    HOUR_PREFIX,
    MAX_SOURCES,
    OTHER,
    SOURCE_PREFIX,
    SOURCES_SEEN,
    TOTAL,
    WITHDRAWN,
    Tally,
    TallyEntry,
    attributes_of,
    summed,
    tally_of,
)

SHARDS, BEGAN, ADJUSTED_AT, REFUSED = "shards", "began", "adjusted_at", "refused"


@dataclass(frozen=True)
class Head:
    """The sum of all closed days. `through` is the last of them. `total`, `withdrawn`, `by_partners`: as in `Tally`.

    `shards`: at most, of a day; raised here before any writer uses more. `began`: the first day that was counted, if
    recorded. `adjusted_at`: by a recount. `refused`: the day that DynamoDB last refused to close, even if closed later.
    """

    through: date
    total: int
    shards: int = 0
    began: date | None = None
    adjusted_at: datetime | None = None
    withdrawn: int = 0
    by_partners: int = 0
    refused: date | None = None


@dataclass(frozen=True)
class OpenDays:
    slug: str
    shards: int
    days: Sequence[date]

    def shard_keys(self) -> list[Key]:
        return [keys.tally_shard(self.slug, shard, day) for day in self.days for shard in range(self.shards)]


def entry_change(slug: str, shard: int, entry: TallyEntry) -> Change:
    """Return the change that adds the entry to the shard. Only for a transaction that can happen once.

    It fails if a confirmation's source is new in a shard that has MAX_SOURCES on this day. OTHER always fits. So does a
    withdrawal: it is subtracted under the source under which the signature was added.
    """
    key = keys.tally_shard(slug, shard, entry.moment.date())
    if entry.amount == 0:
        moved = Counter({BY_PARTNERS: -1, COUNTRY_PREFIX + entry.country: 1})
        moved[COUNTRY_PREFIX + entry.old_country] -= 1
        return Change(key, add=moved)
    numbers: dict[str, int | set[str]] = {
        TOTAL: entry.amount,
        f"{HOUR_PREFIX}{entry.moment:%H}": entry.amount,
        COUNTRY_PREFIX + entry.country: entry.amount,
        SOURCE_PREFIX + entry.source: entry.amount,
    }
    if entry.by_partner:
        numbers[BY_PARTNERS] = entry.amount
    if entry.amount < 0:
        return Change(key, add=numbers if entry.is_removal else {**numbers, WITHDRAWN: -entry.amount})
    if entry.source == OTHER:
        return Change(key, add=numbers)
    sources = Attr(SOURCES_SEEN)
    has_room = sources.not_exists() | sources.contains(entry.source) | sources.size().lt(MAX_SOURCES)
    return Change(key, add={**numbers, SOURCES_SEEN: {entry.source}}, when=has_room)


def day_tallies(open_days: Sequence[OpenDays], tables: Tables) -> list[dict[date, Tally]]:
    shard_keys = [key for each in open_days for key in each.shard_keys()]
    sums: dict[tuple[str, str], Tally] = defaultdict(Tally)
    for item in tables.batch_get(shard_keys, consistent=True):
        tally_partition, _, _shard = item["pk"].rpartition("#")
        sums[tally_partition, item["sk"]] += tally_of(item)
    tallies = []
    for each in open_days:
        tally_partition = keys.tally_partition(each.slug)
        tallies.append({day: sums[tally_partition, day.isoformat()] for day in each.days})
    return tallies


def head(slug: str, tables: Tables) -> Head:
    """Return the petition's head. Raise UnknownPetition if it has none."""
    if item := tables.get(keys.tally_head(slug), consistent=True):
        return _head(item)
    raise UnknownPetition


def heads(slugs: Iterable[str], tables: Tables) -> dict[str, Head]:
    items = tables.batch_get_by({keys.tally_head(slug): slug for slug in slugs}, consistent=True)
    return {slug: _head(item) for slug, item in items}


def _head(item: Item) -> Head:
    return Head(
        through=date.fromisoformat(item["through"]),
        total=item[TOTAL],
        shards=item.get(SHARDS, 0),
        began=date.fromisoformat(item[BEGAN]) if BEGAN in item else None,
        adjusted_at=datetime.fromisoformat(item[ADJUSTED_AT]) if ADJUSTED_AT in item else None,
        withdrawn=item.get(WITHDRAWN, 0),
        by_partners=item.get(BY_PARTNERS, 0),
        refused=date.fromisoformat(item[REFUSED]) if REFUSED in item else None,
    )


def open_head(slug: str, through: date, tables: Tables) -> None:
    """Store an empty head, if there is none. `through`: the day before the first day that is counted."""
    began = (through + timedelta(days=1)).isoformat()
    tables.try_put_new(NewItem(keys.tally_head(slug), {"through": through.isoformat(), TOTAL: 0, BEGAN: began}))


def raise_shards(slug: str, shards: int, tables: Tables) -> None:
    """Raise the number of shards, if there is a head. Never lower it: removed shards would no longer be counted."""
    head_exists, has_fewer_shards = Attr("through").exists(), absent_or_at_most(SHARDS, shards - 1)
    tables.try_update(Change(keys.tally_head(slug), assign={SHARDS: shards}, when=head_exists & has_fewer_shards))


def close_days(slug: str, tallies: Mapping[date, Tally], shards: int, tables: Tables) -> None:
    """Store the tallies of successive days and add them to the head, all or nothing. `shards`: how many were summed.

    Raise ConditionFailed if the first is not the day after the last closed day, or if the petition now has more shards.
    If DynamoDB refuses for another reason, as for a too large item, note the first day in the head; raise DayNotClosed.
    """
    day_before = (min(tallies) - timedelta(days=1)).isoformat()
    may_close = Attr("through").eq(day_before) & absent_or_at_most(SHARDS, shards)
    through = {"through": max(tallies).isoformat()}
    # `may_close` refuses a second caller; the item of a reopened day exists.
    day_changes = [Change(keys.tally_day(slug, day), assign=attributes_of(tally)) for day, tally in tallies.items()]
    added = _added_to_head(summed(tallies.values()))
    key = keys.tally_head(slug)
    try:
        with refusals_as(DayNotClosed):
            tables.transact([*day_changes, Change(key, assign=through, add=added, when=may_close)])
    except DayNotClosed:
        refused = {REFUSED: min(tallies).isoformat()}
        with suppress(Unavailable, DayNotClosed), refusals_as(DayNotClosed):
            tables.try_update(Change(key, assign=refused, when=Attr("through").exists()))
        raise


def _added_to_head(tally: Tally) -> dict[str, int]:
    numbers = attributes_of(tally)
    return {name: numbers[name] for name in (TOTAL, WITHDRAWN, BY_PARTNERS)}


def reopen(slug: str, today: date, tables: Tables) -> list[date]:
    """Reopen today and later days, which a reader whose clock was ahead has closed. Return the days.

    Readers then sum the shards again, and the next closing overwrites the days' items. Raise ConditionFailed if another
    caller closes or reopens a day meanwhile.
    """
    old_head = head(slug, tables)
    closed = closed_days(slug, today, old_head.through, tables)
    if closed:
        through = {"through": (today - timedelta(days=1)).isoformat()}
        added = _added_to_head(summed(closed.values()))
        subtracted = {name: -number for name, number in added.items()}
        is_unchanged = Attr("through").eq(old_head.through.isoformat())
        tables.update(Change(keys.tally_head(slug), assign=through, add=subtracted, when=is_unchanged))
    return sorted(closed)


def closed_days(slug: str, first: date, last: date, tables: Tables) -> dict[date, Tally]:
    """Return the tallies of the closed days from `first` to `last`; {} if `first` is later than `last`."""
    if first > last:  # DynamoDB refuses such a query.
        return {}
    between = (keys.tally_day(slug, first).sk, keys.tally_day(slug, last).sk)
    items = tables.query(keys.COUNTS, keys.tally_partition(slug), between, consistent=True)
    return {date.fromisoformat(item["sk"].removeprefix("DAY#")): tally_of(item) for item in items}


def closed_totals(ranges: Mapping[str, tuple[date, date]], tables: Tables) -> dict[tuple[str, date], int]:
    """Return the totals of closed days, by slug and day. `ranges`: the first and last day of each slug."""
    names = {
        keys.tally_day(slug, day): (slug, day)
        for slug, (first, last) in ranges.items()
        for day in (first + timedelta(days=number) for number in range((last - first).days + 1))
    }
    return {name: item[TOTAL] for name, item in tables.batch_get_by(names, consistent=True)}
