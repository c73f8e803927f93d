"""The exact count takes two reads at any age of the petition."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from chalicelib.aws.table import Item, Tables
from chalicelib.core import keys
from chalicelib.core.caching import forget_all
from chalicelib.core.errors import UnknownPetition
from chalicelib.petitions.edit import raise_shards
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.model import Petition
from chalicelib.tallies.count import Days, breakdown, counts_with_last_days, exact_count, open_tally, tally_change
from chalicelib.tallies.model import Tally, TallyDimension, TallyEntry, breakdown_values, summed, tally_of
from chalicelib.tallies.prove import PARTNERS, reopen, tally_sums
from chalicelib.tallies.public import public_count
from chalicelib.tallies.store import closed_days, entry_change
from tests.actors import DAY, MINUTE, NOW, OPENED, a_petition, a_published_petition
from tests.fakes import FakeTables

SECOND = timedelta(seconds=1)
TODAY, TOMORROW = date(2026, 11, 24), date(2026, 11, 25)


def count_signatures_at(tables: Tables, petition: Petition, *moments: datetime, amount: int = 1) -> None:
    """Add `amount` to the tally at each of these times, on shards in turn."""
    for number, moment in enumerate(moments):
        tables.update(entry_change(petition.slug, number % petition.shards, TallyEntry(amount, moment, "GB", "direct")))


def head(tables: FakeTables) -> Item:
    return tables.items[keys.tally_head("safe-children")]


def test_the_exact_count_is_always_two_reads(tables: FakeTables, petition: Petition) -> None:
    moments = [OPENED + number * DAY / 7 for number in range(700)]
    count_signatures_at(tables, petition, *moments)
    end = OPENED + 100 * DAY
    assert exact_count(petition, end, tables).confirmed == 700
    tables.calls.clear()
    assert exact_count(petition, end, tables).confirmed == 700
    assert tables.calls == ["get", "batch_get"]


@given(
    moments=st.lists(st.integers(0, 40 * 24).map(lambda hours: OPENED + timedelta(hours=hours)), max_size=30),
    read_on=st.lists(st.integers(0, 45), min_size=1, max_size=4),
)
def test_the_last_days_of_a_list_are_those_of_the_breakdown(moments: list[datetime], read_on: list[int]) -> None:
    """Readers close days in between, and the process keeps what it read."""
    forget_all()
    tables = FakeTables()
    petitions = [a_published_petition(tables), a_published_petition(tables, slug="other")]
    for number, moment in enumerate(moments):
        count_signatures_at(tables, petitions[number % 2], moment)
    for days_later in sorted(read_on):
        now = OPENED + days_later * DAY
        listed = counts_with_last_days(petitions, 14, now, tables)
        for petition in petitions:
            chosen = Days(now.date() - 13 * DAY, now.date())
            by_day = breakdown(petition, TallyDimension.DAY, chosen, now, tables).values
            count, last_days = listed[petition.slug]
            days = [(chosen.first + number * DAY).isoformat() for number in range(14)]
            assert last_days == [by_day.get(day, 0) for day in days]
            assert count.confirmed == exact_count(petition, now, tables).confirmed


def test_the_closed_days_of_a_list_are_read_once(tables: FakeTables, petition: Petition) -> None:
    count_signatures_at(tables, petition, *(OPENED + number * DAY for number in range(30)))
    end = OPENED + 30 * DAY
    for calls in (["batch_get", "batch_get", "batch_get"], ["batch_get", "batch_get"]):
        exact_count(petition, end, tables)  # Closes the past days.
        tables.calls.clear()
        [(_, last_days)] = counts_with_last_days([petition], 14, end, tables).values()
        assert (tables.calls, last_days) == (calls, [1] * 13 + [0])


def test_exact_counts_use_consistent_reads(petition: Petition) -> None:
    class RequiresConsistentReads(FakeTables):
        def get(self, key: keys.Key, *, consistent: bool = False) -> Item | None:
            assert consistent
            return super().get(key, consistent=consistent)

        def batch_get(self, wanted: Sequence[keys.Key], *, consistent: bool = False) -> list[Item]:
            assert consistent
            return super().batch_get(wanted, consistent=consistent)

    tables = RequiresConsistentReads()
    a_published_petition(tables)
    count_signatures_at(tables, petition, NOW)
    assert exact_count(petition, NOW, tables).confirmed == 1
    assert breakdown(petition, TallyDimension.DAY, Days(), NOW, tables).confirmed == 1


def test_a_day_is_closed_an_hour_after_midnight(tables: FakeTables, petition: Petition) -> None:
    count_signatures_at(tables, petition, NOW)
    for moment, through in (
        (datetime(2026, 11, 25, 0, 0, tzinfo=UTC), "2026-11-23"),
        (datetime(2026, 11, 25, 0, 59, 59, tzinfo=UTC), "2026-11-23"),
        (datetime(2026, 11, 25, 1, 0, tzinfo=UTC), "2026-11-24"),
    ):
        assert exact_count(petition, moment, tables).confirmed == 1
        assert head(tables)["through"] == through


def test_a_count_before_midnight_has_the_signatures_that_another_clock_counted_after_it(
    tables: FakeTables, petition: Petition
) -> None:
    """The reader's clock is behind, or a writer's clock is ahead. The public count does not go back."""
    midnight = datetime(2026, 11, 25, tzinfo=UTC)
    count_signatures_at(tables, petition, NOW, midnight + MINUTE)
    assert public_count(petition, midnight + 2 * MINUTE, tables).confirmed == 2
    behind = midnight - 5 * MINUTE
    assert public_count(petition, behind, tables).confirmed == 2
    assert breakdown(petition, TallyDimension.DAY, Days(), behind, tables).confirmed == 2
    assert head(tables)["through"] == "2026-11-23", "neither day is over"


def test_a_clock_that_runs_ahead_does_not_close_a_day(tables: FakeTables, petition: Petition) -> None:
    count_signatures_at(tables, petition, NOW)
    tables.answered_at = NOW
    assert exact_count(petition, NOW + timedelta(hours=25), tables).confirmed == 1
    assert head(tables)["through"] == "2026-11-23"
    count_signatures_at(tables, petition, NOW)
    assert exact_count(petition, NOW, tables).confirmed == 2


def test_a_clock_that_runs_behind_does_not_close_a_day_either(tables: FakeTables, petition: Petition) -> None:
    """A day that is over for AWS, but not for the reader, still gets that reader's confirmations."""
    count_signatures_at(tables, petition, NOW)
    tables.answered_at = NOW + 2 * DAY
    assert exact_count(petition, NOW, tables).confirmed == 1
    assert head(tables)["through"] == "2026-11-23"


def test_a_day_that_is_over_by_the_clock_of_aws_is_not_reopened(tables: FakeTables, petition: Petition) -> None:
    count_signatures_at(tables, petition, NOW)
    exact_count(petition, NOW + DAY, tables)
    assert head(tables)["through"] == "2026-11-24"
    tables.answered_at = NOW + DAY
    assert reopen(petition.slug, NOW, tables) == []
    tables.answered_at = NOW
    assert reopen(petition.slug, NOW + DAY, tables) == [NOW.date()]
    assert head(tables)["through"] == "2026-11-23"


def test_a_day_that_is_closed_again_has_no_old_numbers(tables: FakeTables, petition: Petition) -> None:
    by_partner = TallyEntry(1, NOW, "GB", "direct", by_partner=True)
    tables.update(entry_change(petition.slug, 0, by_partner))
    exact_count(petition, NOW + DAY, tables)
    tables.answered_at = NOW
    assert reopen(petition.slug, NOW, tables) == [TODAY]
    tables.update(entry_change(petition.slug, 0, replace(by_partner, amount=-1)))
    tables.answered_at = NOW + DAY
    exact_count(petition, NOW + DAY, tables)
    assert closed_days(petition.slug, TODAY, TODAY, tables) == {TODAY: Tally(withdrawn=1)}
    assert tally_sums(petition, NOW + DAY, tables)[PARTNERS] == 0


@given(
    st.lists(st.tuples(st.integers(0, 120), st.sampled_from([1, 1, -1])), max_size=25),
    st.lists(st.integers(0, 200), max_size=6),
)
def test_closing_a_day_never_changes_a_number(entries: list[tuple[int, int]], reads: list[int]) -> None:
    tables = FakeTables()
    petition = a_published_petition(tables)
    # An event of the amount 0 reads the count.
    events = sorted([*entries, *((hours, 0) for hours in reads)])
    total = 0
    for hours, amount in events:
        moment = OPENED + timedelta(hours=hours)
        if amount:
            count_signatures_at(tables, petition, moment, amount=amount)
            total += amount
        else:
            assert exact_count(petition, moment, tables).confirmed == total
    end = OPENED + timedelta(hours=300)
    for by in TallyDimension:
        counts = breakdown(petition, by, Days(), end, tables)
        assert sum(counts.values.values()) == counts.confirmed == total


def test_a_tally_that_was_never_opened_raises_unknown_petition(tables: FakeTables) -> None:
    with pytest.raises(UnknownPetition):
        exact_count(a_petition(), NOW, tables)


@pytest.mark.parametrize(
    ("days", "confirmed"),
    [
        (Days(TODAY, TODAY), 1),
        (Days(TODAY), 1),
        (Days(TOMORROW), 0),
        (Days(date(2030, 1, 1)), 0),
        (Days(last=TODAY), 1),
        (Days(last=date(2000, 1, 1)), 0),
        (Days(), 1),
    ],
)
def test_any_range_of_days_is_accepted(tables: FakeTables, petition: Petition, days: Days, confirmed: int) -> None:
    count_signatures_at(tables, petition, NOW)
    assert breakdown(petition, TallyDimension.DAY, days, NOW, tables).confirmed == confirmed


def test_a_day_is_not_closed_if_shards_were_added_after_the_read(tables: FakeTables, petition: Petition) -> None:
    """The number of shards rises between reading and closing; the next reader reads all shards."""

    class ShardsRaisedMeanwhile(FakeTables):
        def batch_get(self, wanted: Sequence[keys.Key], *, consistent: bool = False) -> list[Item]:
            found = super().batch_get(wanted, consistent=consistent)
            if petition_as_stored(petition.slug, tables).shards == petition.shards:
                raise_shards(petition.slug, 30, tables)
                self.update(entry_change(petition.slug, 29, TallyEntry(1, NOW, "GB", "direct")))
            return found

    racing_tables = ShardsRaisedMeanwhile()
    racing_tables.items = tables.items
    count_signatures_at(racing_tables, petition, NOW)
    exact_count(petition, NOW + 2 * DAY, racing_tables)
    assert head(racing_tables)["through"] < NOW.date().isoformat()
    assert exact_count(petition, NOW + 2 * DAY, racing_tables).confirmed == 2
    assert head(racing_tables)["total"] == 2


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


@given(ENTRIES)
def test_every_breakdown_sums_to_the_total(entries: list[TallyEntry]) -> None:
    tallies = tallies_of(entries)
    total = sum(entry.amount for entry in entries)
    assert summed(tallies.values()).total == total
    for by in TallyDimension:
        assert sum(breakdown_values(by, tallies).values()) == total


@given(st.lists(st.tuples(st.sampled_from(["old", "new", "read", "raise"]), st.integers(0, 8)), max_size=40))
def test_raising_shards_loses_nothing_while_old_settings_are_cached(events: list[tuple[str, int]]) -> None:
    """A writer caches settings for seconds. A frozen function may keep and use old settings much longer."""
    tables = FakeTables()
    old = a_published_petition(tables, shards=2)
    new, per_day, moment = old, [0] * 1000, OPENED
    for number, (act, hours) in enumerate(events):
        moment += timedelta(hours=hours)
        if act == "raise" and new is old:
            assert raise_shards(old.slug, 30, tables)
            new = petition_as_stored(old.slug, tables)
        elif act in ("old", "new"):
            petition = old if act == "old" else new
            shard = petition.shards - 1 - number % 2
            tables.update(entry_change(petition.slug, shard, TallyEntry(1, moment, "GB", "direct")))
            per_day[(moment.date() - OPENED.date()).days] += 1
        assert exact_count(old, moment, tables).confirmed == sum(per_day)
    days = breakdown(old, TallyDimension.DAY, Days(), moment + 2 * DAY, tables).values
    assert list(days.values()) == [number for number in per_day if number]
