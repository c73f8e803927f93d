"""Store the tallies of petitions in the counts table.

A tally's numbers of a day are spread over several items, the shards. When the day is over, it is closed: the sum of the
day's shards is stored in one item, and added to the head. The head is the item with the sum of all closed days.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from chalicelib.aws.table import Attr, Change, Item, NewItem, Tables, absent_or_at_most
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed, UnknownPetition
from chalicelib.core.keys import Key
from chalicelib.core.times import iso
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
    numbers_of,
    summed,
    tally_of,
)

SHARDS, BEGAN, ADJUSTED_AT = "shards", "began", "adjusted_at"


@dataclass(frozen=True)
class Head:
    """The sum of all closed days. `through` is the last of them. `total`, `withdrawn`, `by_partners`: as in `Tally`.

    `shards`: how many shards a day has at most. An increase is stored here before any writer uses it. `began`: the
    first day that was counted; None if it is not recorded. `adjusted_at`: the time of the last adjustment.
    """

    through: date
    total: int
    shards: int = 0
    began: date | None = None
    adjusted_at: datetime | None = None
    withdrawn: int = 0
    by_partners: int = 0


@dataclass(frozen=True)
class OpenDays:
    """The days of a petition that are not closed, and how many `shards` each day has."""

    slug: str
    shards: int
    days: Sequence[date]


def entry_change(slug: str, shard: int, entry: TallyEntry) -> Change:
    """Return the change that adds the entry to the shard.

    Use the change only in a transaction with a change that can happen only once. Otherwise, a retry would count twice.
    The change fails if a confirmation's source is new in the shard, and the shard has MAX_SOURCES on this day. The
    source OTHER always fits.
    """
    numbers: dict[str, int | set[str]] = {
        TOTAL: entry.amount,
        f"{HOUR_PREFIX}{entry.moment:%H}": entry.amount,
        COUNTRY_PREFIX + entry.country: entry.amount,
        SOURCE_PREFIX + entry.source: entry.amount,
        **({BY_PARTNERS: entry.amount} if entry.by_partner else {}),
    }
    key = keys.tally_shard(slug, shard, entry.moment.date())
    if entry.amount < 0:
        return Change(key, add={**numbers, WITHDRAWN: -entry.amount})
    if entry.source == OTHER:
        return Change(key, add=numbers)
    sources = Attr(SOURCES_SEEN)
    has_room = sources.not_exists() | sources.contains(entry.source) | sources.size().lt(MAX_SOURCES)
    return Change(key, add={**numbers, SOURCES_SEEN: {entry.source}}, when=has_room)


def day_tallies(open_days: Sequence[OpenDays], tables: Tables) -> list[dict[date, Tally]]:
    """Return for each petition the tally of each of its days: the sum of the shards, read consistently."""
    shard_keys = [
        keys.tally_shard(each.slug, shard, day)
        for each in open_days
        for day in each.days
        for shard in range(each.shards)
    ]
    items: dict[tuple[str, str], list[Item]] = defaultdict(list)
    for item in tables.batch_get(shard_keys, consistent=True) if shard_keys else []:
        tally_partition, _, _shard = item["pk"].rpartition("#")
        items[tally_partition, item["sk"]].append(item)
    return [
        {day: summed(map(tally_of, items[keys.tally_partition(each.slug), day.isoformat()])) for day in each.days}
        for each in open_days
    ]


def head(slug: str, tables: Tables) -> Head:
    """Return the petition's head. Raise UnknownPetition if it has none."""
    if item := tables.get(keys.tally_head(slug), consistent=True):
        return _head(item)
    raise UnknownPetition


def heads(slugs: Iterable[str], tables: Tables) -> dict[str, Head]:
    """Return the heads that exist, by slug."""
    slug_by_key = {keys.tally_head(slug): slug for slug in slugs}
    items = tables.batch_get([*slug_by_key], consistent=True)
    return {slug_by_key[Key(keys.COUNTS, item["pk"], item["sk"])]: _head(item) for item in items}


def _head(item: Item) -> Head:
    return Head(
        through=date.fromisoformat(item["through"]),
        total=item[TOTAL],
        shards=item.get(SHARDS, 0),
        began=date.fromisoformat(item[BEGAN]) if BEGAN in item else None,
        adjusted_at=datetime.fromisoformat(item[ADJUSTED_AT]) if ADJUSTED_AT in item else None,
        withdrawn=item.get(WITHDRAWN, 0),
        by_partners=item.get(BY_PARTNERS, 0),
    )


def open_head(slug: str, through: date, tables: Tables) -> None:
    began = (through + timedelta(days=1)).isoformat()
    put_if_absent(NewItem(keys.tally_head(slug), {"through": through.isoformat(), TOTAL: 0, BEGAN: began}), tables)


def raise_shards(slug: str, shards: int, tables: Tables) -> None:
    """Raise the number of shards. Never lower it: the entries in the removed shards would no longer be counted."""
    head_exists, has_fewer_shards = Attr("through").exists(), absent_or_at_most(SHARDS, shards - 1)
    tables.try_update(Change(keys.tally_head(slug), assign={SHARDS: shards}, when=head_exists & has_fewer_shards))


def close_day(slug: str, day: date, tally: Tally, shards: int, tables: Tables) -> None:
    """Store the day's tally and add it to the head, in one transaction. `shards`: how many shards the caller summed.

    Raise ConditionFailed if this is not the day after the last closed day, or if the petition now has more shards.
    """
    is_next = Attr("through").eq((day - timedelta(days=1)).isoformat()) & absent_or_at_most(SHARDS, shards)
    through = {"through": day.isoformat()}
    # The day's item exists already if the day was closed and reopened. `is_next` refuses a second caller.
    day_change = Change(keys.tally_day(slug, day), assign=numbers_of(tally))
    head_change = Change(keys.tally_head(slug), assign=through, add=_added_to_head(tally), when=is_next)
    tables.transact([day_change, head_change])


def _added_to_head(tally: Tally) -> dict[str, int]:
    """Return the numbers of a closed day that are added to the head."""
    numbers = numbers_of(tally)
    return {name: numbers[name] for name in (TOTAL, WITHDRAWN, BY_PARTNERS) if name in numbers}


def reopen(slug: str, today: date, tables: Tables) -> list[date]:
    """Reopen today and later days if they are closed, so that readers sum their shards again. Return these days.

    Raise ConditionFailed if another caller closes or reopens a day meanwhile.
    """
    old_head = head(slug, tables)
    closed = closed_days(slug, today, old_head.through, tables)
    if closed:
        through = {"through": (today - timedelta(days=1)).isoformat()}
        subtracted = {name: -number for name, number in _added_to_head(summed(closed.values())).items()}
        is_same = Attr("through").eq(old_head.through.isoformat())
        tables.update(Change(keys.tally_head(slug), assign=through, add=subtracted, when=is_same))
    return sorted(closed)


def closed_days(slug: str, first: date, last: date, tables: Tables) -> dict[date, Tally]:
    """Return the tallies of the closed days from `first` to `last`; {} if `first` is later than `last`."""
    if first > last:  # DynamoDB refuses such a query.
        return {}
    between = (keys.tally_day(slug, first).sk, keys.tally_day(slug, last).sk)
    items = tables.query(keys.COUNTS, keys.tally_partition(slug), between, consistent=True)
    return {date.fromisoformat(item["sk"].removeprefix("DAY#")): tally_of(item) for item in items}


def adjust(slug: str, moment: datetime, numbers: Mapping[str, int], head_total: int, tables: Tables) -> None:
    """Add `numbers` to today's first shard, and `head_total` to the head's total. Store a record. All or nothing.

    Raise ConditionFailed if there is already a record for this second. So a retry cannot adjust twice.
    """
    record = NewItem(keys.tally_adjustment(slug, iso(moment)), {**numbers, "head_total": head_total})
    shard_change = Change(keys.tally_shard(slug, 0, moment.date()), add=numbers)
    head_change = Change(keys.tally_head(slug), assign={ADJUSTED_AT: iso(moment)}, add={TOTAL: head_total})
    tables.transact([record, shard_change, head_change])


def put_if_absent(new: NewItem, tables: Tables) -> None:
    with suppress(ConditionFailed):
        tables.put_new(new)
