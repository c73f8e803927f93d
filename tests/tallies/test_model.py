"""Breakdowns sum to the total, whatever entries are added."""

from datetime import date, timedelta

from hypothesis import given, strategies as st

from chalicelib.core import keys
from chalicelib.tallies.count import open_tally, tally_change
from chalicelib.tallies.model import Tally, TallyDimension, TallyEntry, breakdown_values, summed, tally_of
from chalicelib.tallies.store import entry_change
from tests.actors import DAY, NOW, OPENED
from tests.fakes import FakeTables

ENTRIES = st.lists(
    st.builds(
        TallyEntry,
        amount=st.sampled_from([1, -1]),
        moment=st.integers(0, 72).map(lambda hours: NOW + timedelta(hours=hours)),
        country=st.sampled_from(["GB", "NL", "IE"]),
        source=st.sampled_from(["direct", "bbc", "h12", "cgb", "total", "sources", "s", "-"]),
    ),
    max_size=20,
)


def tallies_of(entries: list[TallyEntry]) -> dict[date, Tally]:
    tables = FakeTables()
    for number, entry in enumerate(entries):
        tables.update(entry_change("safe-children", number % 3, entry))
    days = sorted({entry.moment.date() for entry in entries})
    items = list(tables.items.values())
    tallies = {}
    for day in days:
        shards = [tally_of(item) for item in items if item["sk"] == day.isoformat()]
        tallies[day] = summed(shards)
    return tallies


@given(ENTRIES)
def test_every_breakdown_sums_to_the_total(entries: list[TallyEntry]) -> None:
    tallies = tallies_of(entries)
    total = sum(entry.amount for entry in entries)
    assert summed(tallies.values()).total == total
    for by in TallyDimension:
        assert sum(breakdown_values(by, tallies).values()) == total


def test_a_source_is_never_read_as_an_hour_a_country_or_a_total() -> None:
    entries = [TallyEntry(1, NOW, "GB", source) for source in ("h12", "cgb", "total", "sources")]
    tallies = tallies_of(entries)
    assert breakdown_values(TallyDimension.COUNTRY, tallies) == {"GB": 4}
    assert breakdown_values(TallyDimension.HOUR, tallies) == {"2026-11-24T12:00:00Z": 4}
    assert breakdown_values(TallyDimension.SOURCE, tallies) == {"h12": 1, "cgb": 1, "total": 1, "sources": 1}


ENTRY = TallyEntry(1, NOW, "GB", "bbc")


def test_entries_use_every_shard() -> None:
    used = {tally_change("safe-children", 4, ENTRY).key for _ in range(300)}
    assert used == {keys.tally_shard("safe-children", shard, NOW.date()) for shard in range(4)}


def test_opening_a_tally_again_changes_nothing(tables: FakeTables) -> None:
    open_tally("safe-children", 3, OPENED, tables)
    tables.items[keys.tally_head("safe-children")]["total"] = 7
    tables.items[keys.snapshot("safe-children")]["count"] = 7
    open_tally("safe-children", 3, NOW + DAY, tables)
    assert tables.items[keys.tally_head("safe-children")] == {
        "pk": "TALLY#safe-children",
        "sk": "HEAD",
        "through": "2026-11-19",
        "total": 7,
        "shards": 3,
        "began": "2026-11-20",
    }
    assert tables.items[keys.snapshot("safe-children")]["count"] == 7
