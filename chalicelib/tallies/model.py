"""The model of a tally: numbers of confirmed signatures, in total and by hour, country and source.

An entry is one signature that was confirmed or withdrawn. A `Tally` has the numbers of one shard, one day or several
days.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

TOTAL, PENDING, WITHDRAWN, BY_PARTNERS = "total", "pending", "withdrawn", "by_partners"
# In the names h13, cGB and s.bbc-news: attributes of a shard, keys of BREAKDOWNS in a closed day's item.
HOUR_PREFIX, COUNTRY_PREFIX, SOURCE_PREFIX = "h", "c", "s."
SOURCES_SEEN, BREAKDOWNS = "sources", "breakdowns"

# A further source in a shard on one day counts under OTHER: anybody can put any source into a link, and an attacker
# could make the item too large. The signature keeps its own source.
MAX_SOURCES = 100
OTHER = "other"


class TalliedPetition(Protocol):
    """The fields of a petition that this package uses: `petitions` imports it, so it cannot import `Petition`."""

    @property
    def slug(self) -> str: ...
    @property
    def shards(self) -> int: ...
    @property
    def opened_at(self) -> datetime: ...


@dataclass(frozen=True)
class TallyEntry:
    """One signature that was confirmed (`amount` +1) or withdrawn (-1) at `moment`.

    0: its owner confirmed it after it counted `by_partner`, and perhaps moved it here from `old_country`.
    `by_partner`: the signature counted as soon as a partner sent it, without our email. `is_removal`: staff removed it
    (or put it back), so that nobody withdrew.
    """

    amount: int
    moment: datetime
    country: str
    source: str
    by_partner: bool = False
    old_country: str = ""
    is_removal: bool = False


@dataclass
class Tally:
    """Sums over entries. The values of `hours` ("13", in UTC), of `countries` and of `sources` each sum to `total`.

    `withdrawn`: how many entries are withdrawals. `by_partners`: how many of the total are `by_partner`.
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
        for sums, added in zip(self._counters(), other._counters(), strict=True):
            sums.update(added)
        return self

    def _counters(self) -> tuple[Counter[str], ...]:
        return self.hours, self.countries, self.sources


def summed(tallies: Iterable[Tally]) -> Tally:
    result = Tally()
    for tally in tallies:
        result += tally
    return result


def attributes_of(tally: Tally) -> dict[str, Any]:
    """Return the tally as the attributes of a closed day.

    A thousand sources in a map are one value; as attributes, the expression would exceed DynamoDB's 4,096 bytes.
    """
    counters = ((HOUR_PREFIX, tally.hours), (COUNTRY_PREFIX, tally.countries), (SOURCE_PREFIX, tally.sources))
    numbers = {prefix + name: number for prefix, counter in counters for name, number in counter.items()}
    totals = {TOTAL: tally.total, WITHDRAWN: tally.withdrawn, BY_PARTNERS: tally.by_partners}
    return {**totals, BREAKDOWNS: numbers}


def tally_of(item: Mapping[str, Any]) -> Tally:
    numbers = item.get(BREAKDOWNS, item)  # A shard has no map, nor has a day that an earlier version closed.
    # Other attributes may begin with h or c too, but only h13 and cGB have three characters.
    return Tally(
        total=item.get(TOTAL, 0),
        withdrawn=item.get(WITHDRAWN, 0),
        by_partners=item.get(BY_PARTNERS, 0),
        hours=_numbers_with(HOUR_PREFIX, numbers, length=3),
        countries=_numbers_with(COUNTRY_PREFIX, numbers, length=3),
        sources=_numbers_with(SOURCE_PREFIX, numbers),
    )


def _numbers_with(prefix: str, item: Mapping[str, Any], length: int | None = None) -> Counter[str]:
    """Return the numbers whose names have the prefix, by the rest of the name. `length`: of a whole name."""
    numbers: dict[str, int] = {}
    for name, number in item.items():
        has_length = length is None or len(name) == length
        if has_length and name.startswith(prefix):
            numbers[name.removeprefix(prefix)] = number
    return Counter(numbers)  # Filling the Counter itself would be slower.


class TallyDimension(StrEnum):
    """The dimensions that the tally counts exactly. projections/dimensions.py has the others."""

    DAY = "day"
    HOUR = "hour"
    COUNTRY = "country"
    SOURCE = "source"


def breakdown_values(by: TallyDimension, tallies: Mapping[date, Tally]) -> dict[str, int]:
    """Return the number for each value, sorted by value, without zeros. `tallies`: by day.

    A value is such as 2026-11-24 (a day), 2026-11-24T13:00:00Z (an hour), GB or bbc-news.
    """
    sums: Counter[str] = Counter()
    for day, tally in tallies.items():
        sums.update(_values_on(day, by, tally))
    return {value: sums[value] for value in sorted(sums) if sums[value]}


def largest_first(values: Mapping[str, int]) -> list[tuple[str, int]]:
    by_value = sorted(values.items())
    return sorted(by_value, key=lambda value_and_number: value_and_number[1], reverse=True)


def _values_on(day: date, by: TallyDimension, tally: Tally) -> Mapping[str, int]:
    if by is TallyDimension.DAY:
        return {day.isoformat(): tally.total}
    if by is TallyDimension.HOUR:
        return {f"{day.isoformat()}T{hour}:00:00Z": number for hour, number in tally.hours.items()}
    return tally.countries if by is TallyDimension.COUNTRY else tally.sources
