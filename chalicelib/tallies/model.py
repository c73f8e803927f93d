"""Tallies of confirmed signatures: entries, and sums whose breakdowns always agree with their total."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

TOTAL, PENDING, WITHDRAWN, BY_PARTNERS = "total", "pending", "withdrawn", "by_partners"
HOUR_PREFIX, COUNTRY_PREFIX, SOURCE_PREFIX = "h", "c", "s."
SOURCES_SEEN = "sources"

# Anybody can put any source into a link. Above this number per shard and day, new sources are counted as OTHER;
# otherwise an attacker could grow a tally item without limit. Each signature keeps its own source.
MAX_SOURCES = 100
OTHER = "other"


class TalliedPetition(Protocol):
    """The fields of a petition that tallies use: `petitions` imports `tallies`, so they cannot import `Petition`."""

    @property
    def slug(self) -> str: ...
    @property
    def shards(self) -> int: ...
    @property
    def opened_at(self) -> datetime: ...


@dataclass(frozen=True)
class TallyEntry:
    """One signature confirmed (amount +1) or withdrawn (-1), and when.

    `by_partner`: it counted when a partner sent it, without our email.
    """

    amount: int
    moment: datetime
    country: str
    source: str
    by_partner: bool = False


@dataclass
class Tally:
    """Sums over entries. hours, countries and sources each sum to total. `withdrawn` is the number of withdrawals.

    `by_partners`: how many of the total counted when a partner sent them, without our email.
    """

    total: int = 0
    hours: Counter[str] = field(default_factory=Counter)
    countries: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    withdrawn: int = 0
    by_partners: int = 0

    def __iadd__(self, other: "Tally") -> "Tally":
        self.total += other.total
        self.withdrawn += other.withdrawn
        self.by_partners += other.by_partners
        for sums, added in zip(self._parts(), other._parts(), strict=True):
            sums.update(added)
        return self

    def _parts(self) -> tuple[Counter[str], ...]:
        return self.hours, self.countries, self.sources


def summed(tallies: Iterable[Tally]) -> Tally:
    result = Tally()
    for tally in tallies:
        result += tally
    return result


def numbers_of(tally: Tally) -> dict[str, int]:
    """Return the tally as top-level numbers of one item: h13, cGB, s.bbc-news."""
    return {
        TOTAL: tally.total,
        **({WITHDRAWN: tally.withdrawn} if tally.withdrawn else {}),
        **({BY_PARTNERS: tally.by_partners} if tally.by_partners else {}),
        **{HOUR_PREFIX + hour: number for hour, number in tally.hours.items()},
        **{COUNTRY_PREFIX + country: number for country, number in tally.countries.items()},
        **{SOURCE_PREFIX + source: number for source, number in tally.sources.items()},
    }


def tally_of(item: Mapping[str, Any]) -> Tally:
    return Tally(
        total=item.get(TOTAL, 0),
        withdrawn=item.get(WITHDRAWN, 0),
        by_partners=item.get(BY_PARTNERS, 0),
        hours=_numbers_with(HOUR_PREFIX, item, length=3),
        countries=_numbers_with(COUNTRY_PREFIX, item, length=3),
        sources=_numbers_with(SOURCE_PREFIX, item),
    )


def _numbers_with(prefix: str, item: Mapping[str, Any], length: int | None = None) -> Counter[str]:
    """Return the numbers whose name has the prefix, by the rest of the name. `length`: of the whole name."""
    return Counter(
        {
            name.removeprefix(prefix): number
            for name, number in item.items()
            if name.startswith(prefix) and (length is None or len(name) == length)
        }
    )


class TallyDimension(StrEnum):
    """The dimensions that the tally counts exactly. projections/dimensions.py has the others."""

    DAY = "day"
    HOUR = "hour"
    COUNTRY = "country"
    SOURCE = "source"


def breakdown_values(by: TallyDimension, tallies: Mapping[date, Tally]) -> dict[str, int]:
    """Return the values by key, sorted, without zeros. Days are 2026-11-24, hours 2026-11-24T13:00:00Z."""
    counter: Counter[str] = Counter()
    for day, tally in tallies.items():
        counter.update(_values_on(day, by, tally))
    return {key: number for key, number in sorted(counter.items()) if number}


def _values_on(day: date, by: TallyDimension, tally: Tally) -> Mapping[str, int]:
    if by is TallyDimension.DAY:
        return {day.isoformat(): tally.total}
    if by is TallyDimension.HOUR:
        return {f"{day.isoformat()}T{hour}:00:00Z": number for hour, number in tally.hours.items()}
    return tally.countries if by is TallyDimension.COUNTRY else tally.sources
