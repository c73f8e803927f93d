"""Store tallies and closed days in the counts table."""

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
    """The sum of all closed days, up to and including the day `through`.

    `total`, `withdrawn` and `by_partners` are as in `Tally`. `shards` is at least the number that any writer uses: it
    is raised here first. `began` is the first day that was counted (None: not recorded). `adjusted_at` is the time of
    the last adjustment.
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
    """The days of a petition that are not closed. Each is the sum of its `shards`."""

    slug: str
    shards: int
    days: Sequence[date]


def entry_change(slug: str, shard: int, entry: TallyEntry) -> Change:
    """Return the change that adds the entry to the shard.

    Use it only in a transaction whose other change can happen once: otherwise a retry counts twice.
    A confirmation has a condition: today's shard has the entry's source, or fewer than MAX_SOURCES. OTHER always fits.
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


def days_of_shards(petitions: Sequence[OpenDays], tables: Tables) -> list[dict[date, Tally]]:
    """Return for each petition the sum of each day over its shards, read consistently."""
    shard_keys = [
        keys.tally_shard(each.slug, shard, day)
        for each in petitions
        for day in each.days
        for shard in range(each.shards)
    ]
    items: dict[tuple[str, str], list[Item]] = defaultdict(list)
    for item in tables.batch_get(shard_keys, consistent=True) if shard_keys else []:
        items[item["pk"].rpartition("#")[0], item["sk"]].append(item)
    return [
        {day: summed(map(tally_of, items[keys.tally_partition(each.slug), day.isoformat()])) for day in each.days}
        for each in petitions
    ]


def head(slug: str, tables: Tables) -> Head:
    """Return the head. Raise UnknownPetition if there is none."""
    if item := tables.get(keys.tally_head(slug), consistent=True):
        return _head(item)
    raise UnknownPetition


def heads(slugs: Iterable[str], tables: Tables) -> dict[str, Head]:
    """Return the heads that exist, by slug."""
    slug_by_key = {keys.tally_head(slug): slug for slug in slugs}
    items = tables.batch_get([*slug_by_key], consistent=True)
    return {slug_by_key[Key(keys.COUNTS, item["pk"], item["sk"])]: _head(item) for item in items}


def _head(item: Item) -> Head:
    began = date.fromisoformat(item[BEGAN]) if BEGAN in item else None
    adjusted_at = datetime.fromisoformat(item[ADJUSTED_AT]) if ADJUSTED_AT in item else None
    return Head(
        date.fromisoformat(item["through"]),
        item[TOTAL],
        item.get(SHARDS, 0),
        began,
        adjusted_at,
        item.get(WITHDRAWN, 0),
        item.get(BY_PARTNERS, 0),
    )


def open_head(slug: str, through: date, tables: Tables) -> None:
    began = (through + timedelta(days=1)).isoformat()
    put_if_absent(NewItem(keys.tally_head(slug), {"through": through.isoformat(), TOTAL: 0, BEGAN: began}), tables)


def raise_shards(slug: str, shards: int, tables: Tables) -> None:
    """Raise the number of shards. Never lower it: signatures on a shard above it would not be counted."""
    is_more = Attr("through").exists() & absent_or_at_most(SHARDS, shards - 1)
    tables.try_update(Change(keys.tally_head(slug), assign={SHARDS: shards}, when=is_more))


def close_day(slug: str, day: date, tally: Tally, shards: int, tables: Tables) -> None:
    """Store a day's sum and add it to the head: both or neither.

    Raise ConditionFailed if the day is already closed, or if the tally has more `shards` than were summed.
    """
    is_next = Attr("through").eq((day - timedelta(days=1)).isoformat()) & absent_or_at_most(SHARDS, shards)
    through = {"through": day.isoformat()}
    tables.transact(
        [
            # Not NewItem: a day that was reopened is closed again. The head's condition lets one caller through.
            Change(keys.tally_day(slug, day), assign=numbers_of(tally)),
            Change(keys.tally_head(slug), assign=through, add=_added_to_head(tally), when=is_next),
        ]
    )


def _added_to_head(tally: Tally) -> dict[str, int]:
    """Return what a closed day adds to the head."""
    numbers = numbers_of(tally)
    return {name: numbers[name] for name in (TOTAL, WITHDRAWN, BY_PARTNERS) if name in numbers}


def reopen(slug: str, today: date, tables: Tables) -> list[date]:
    """Reopen and return today and later days: readers sum their shards again. Raise ConditionFailed after a race."""
    old_head = head(slug, tables)
    closed = closed_days(slug, today, old_head.through, tables)
    if closed:
        through, numbers = (today - timedelta(days=1)).isoformat(), _added_to_head(summed(closed.values()))
        negative = {name: -number for name, number in numbers.items()}
        is_same = Attr("through").eq(old_head.through.isoformat())
        tables.update(Change(keys.tally_head(slug), {"through": through}, negative, when=is_same))
    return sorted(closed)


def closed_days(slug: str, first: date, last: date, tables: Tables) -> dict[date, Tally]:
    """Return the closed days from `first` to `last`; {} if `first` is later, because DynamoDB refuses such a query."""
    if first > last:
        return {}
    between = (keys.tally_day(slug, first).sk, keys.tally_day(slug, last).sk)
    items = tables.query(keys.COUNTS, keys.tally_partition(slug), between, consistent=True)
    return {date.fromisoformat(item["sk"].removeprefix("DAY#")): tally_of(item) for item in items}


def adjust(slug: str, moment: datetime, numbers: Mapping[str, int], head_total: int, tables: Tables) -> None:
    """Add `numbers` to today's first shard and `head_total` to the head, and store a record: all or nothing.

    The record makes it safe to retry. Raise ConditionFailed if there is already an adjustment in this second.
    """
    tables.transact(
        [
            NewItem(keys.tally_adjustment(slug, iso(moment)), {**numbers, "head_total": head_total}),
            Change(keys.tally_shard(slug, 0, moment.date()), add=numbers),
            Change(keys.tally_head(slug), assign={ADJUSTED_AT: iso(moment)}, add={TOTAL: head_total}),
        ]
    )


def put_if_absent(new: NewItem, tables: Tables) -> None:
    with suppress(ConditionFailed):
        tables.put_new(new)
