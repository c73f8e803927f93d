"""How many confirmed: entries that are added up, and sums whose breakdowns always agree with their total."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

TOTAL, PENDING = "total", "pending"
HOUR, COUNTRY, SOURCE = "h", "c", "s."
SOURCES_SEEN = "sources"

# A source is whatever somebody put into a link. Past so many a shard and day they are counted as OTHER,
# or an attacker could grow a tally item without end. Each signature keeps its own source all the same.
MAX_SOURCES = 100
OTHER = "other"


class Counted(Protocol):
    """What the tally must know of a petition. Petitions start their own tallies, so the tally cannot import them."""

    @property
    def slug(self) -> str: ...
    @property
    def shards(self) -> int: ...
    @property
    def opened_at(self) -> datetime: ...


@dataclass(frozen=True)
class Entry:
    """One signature more (+1, confirmed) or less (-1, withdrawn), at the moment it happened."""

    amount: int
    moment: datetime
    country: str
    source: str


@dataclass
class Tally:
    """Sums over some entries of one day. hours, countries and sources each sum to total."""

    total: int = 0
    hours: Counter[str] = field(default_factory=Counter)
    countries: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)

    def __iadd__(self, other: "Tally") -> "Tally":
        self.total += other.total
        for mine, theirs in zip(self._parts(), other._parts(), strict=True):
            mine.update(theirs)
        return self

    def _parts(self) -> tuple[Counter[str], ...]:
        return self.hours, self.countries, self.sources


def summed(tallies: Iterable[Tally]) -> Tally:
    result = Tally()
    for tally in tallies:
        result += tally
    return result


def numbers_of(tally: Tally) -> dict[str, int]:
    """As top-level numbers of one item: h13, cGB, s.bbc-news."""
    return {
        TOTAL: tally.total,
        **{HOUR + hour: number for hour, number in tally.hours.items()},
        **{COUNTRY + country: number for country, number in tally.countries.items()},
        **{SOURCE + source: number for source, number in tally.sources.items()},
    }


def tally_of(item: Mapping[str, Any]) -> Tally:
    return Tally(
        total=item.get(TOTAL, 0),
        hours=_starting_with(HOUR, item, length=3),
        countries=_starting_with(COUNTRY, item, length=3),
        sources=_starting_with(SOURCE, item),
    )


def _starting_with(prefix: str, item: Mapping[str, Any], length: int | None = None) -> Counter[str]:
    return Counter(
        {
            name.removeprefix(prefix): number
            for name, number in item.items()
            if name.startswith(prefix) and (length is None or len(name) == length)
        }
    )


class By(StrEnum):
    """What a breakdown is by."""

    DAY = "day"
    HOUR = "hour"
    COUNTRY = "country"
    SOURCE = "source"


def broken_down(by: By, tallies: Mapping[date, Tally]) -> dict[str, int]:
    """Keys in order: days as 2026-11-24, hours as 2026-11-24T13:00:00Z. Zeros are left out."""
    counter: Counter[str] = Counter()
    for day, tally in tallies.items():
        counter.update(_keys_on(day, by, tally))
    return {key: number for key, number in sorted(counter.items()) if number}


def _keys_on(day: date, by: By, tally: Tally) -> Mapping[str, int]:
    if by is By.DAY:
        return {day.isoformat(): tally.total}
    if by is By.HOUR:
        return {f"{day.isoformat()}T{hour}:00:00Z": number for hour, number in tally.hours.items()}
    return tally.countries if by is By.COUNTRY else tally.sources
