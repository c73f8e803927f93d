"""The funnel by hour and day: sums agree and each change is counted once."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from chalicelib.core import keys
from chalicelib.petitions.model import Petition
from chalicelib.projections.funnel.model import Stage, hour_of, name_of, stage_of
from chalicelib.projections.funnel.read import FunnelBy, Rate, days_within, rate, rows, stage_counts_by_day, totals
from chalicelib.projections.project import Increment, project
from chalicelib.tallies.count import Days
from tests.actors import DAY, NOW, OPENED, a_published_petition
from tests.fakes import FakeTables

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
SLUG = "safe-children"
# Bucket, hours since OPENED, stage.
CHANGES = st.lists(
    st.tuples(st.sampled_from(["00", "3f"]), st.integers(0, 90), st.sampled_from(Stage)), min_size=1, max_size=20
)
WINDOWS = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 20)), max_size=8)


def an_increment(bucket: str, position: int, stage: Stage, at: datetime) -> Increment:
    return Increment(keys.funnel(SLUG, bucket, at.date()), f"{position:021}", {name_of(stage, at): 1})


def a_log(changes: list[tuple[str, int, Stage]]) -> list[Increment]:
    """The buckets' clocks may differ. Sequence numbers increase, also in length."""
    log = []
    for number, (bucket, hours, stage) in enumerate(changes, 95):
        log.append(an_increment(bucket, number, stage, OPENED + hours * HOUR))
    return log


@given(CHANGES, WINDOWS, st.lists(st.integers(4, 20), max_size=2))
def test_repeated_batches_are_counted_once(
    changes: list[tuple[str, int, Stage]], windows: list[tuple[int, int]], read_days: list[int]
) -> None:
    log, tables, done = a_log(changes), FakeTables(), 0
    petition = a_published_petition(tables)
    for first, size in windows:
        start = min(first, done)
        project(log[start : start + size], tables)
        done = max(done, start + size)
    project(log[min(done, len(log)) :], tables)
    project(log[::-1], tables)
    expected = Counter(stage for _, _, stage in changes)
    for days_later in [4, *sorted(read_days), 30]:
        counts = stage_counts_by_day(petition, OPENED + days_later * DAY, tables)
        assert totals(counts) == expected
        for by in FunnelBy:
            found: Counter[Stage] = Counter()
            for numbers in rows(by, counts).values():
                found += numbers
            assert found == expected


def test_a_closed_day_is_one_item_and_its_buckets_are_not_read(tables: FakeTables, petition: Petition) -> None:
    project([an_increment("00", 1, Stage.RECEIVED, NOW), an_increment("3f", 2, Stage.RECEIVED, NOW)], tables)
    stage_counts_by_day(petition, NOW + 2 * DAY, tables)
    assert keys.funnel_day(SLUG, NOW.date()) not in tables.items
    stage_counts_by_day(petition, NOW + 3 * DAY, tables)
    assert tables.items[keys.funnel_day(SLUG, NOW.date())]["r12"] == 2
    project([an_increment("01", 3, Stage.RECEIVED, NOW)], tables)
    tables.calls.clear()
    assert totals(stage_counts_by_day(petition, NOW + 3 * DAY, tables)) == {Stage.RECEIVED: 2}
    assert tables.calls == ["query", "batch_get", "batch_get"], "64 buckets of three open days"


def test_only_the_chosen_days_are_returned(tables: FakeTables, petition: Petition) -> None:
    project([an_increment("00", 1, Stage.RECEIVED, NOW), an_increment("00", 2, Stage.RECEIVED, NOW + DAY)], tables)
    counts = stage_counts_by_day(petition, NOW + 5 * DAY, tables)
    first_day = days_within(Days(NOW.date(), NOW.date()), counts)
    assert rows(FunnelBy.DAY, first_day) == {"2026-11-24": {Stage.RECEIVED: 1}}
    from_the_second_day = days_within(Days(date(2026, 11, 25)), counts)
    assert rows(FunnelBy.HOUR, from_the_second_day) == {"2026-11-25T12:00:00Z": {Stage.RECEIVED: 1}}


@pytest.mark.parametrize(("minutes", "this_hour", "hour_before"), [(0, 2, 12), (59, 2, 12), (60, 0, 2), (120, 0, 0)])
def test_the_rate_is_that_of_this_hour_and_of_the_hour_before(
    tables: FakeTables, petition: Petition, minutes: int, this_hour: int, hour_before: int
) -> None:
    log = [an_increment("00", number, Stage.CONFIRMED, NOW - MINUTE) for number in range(1, 13)]
    log += [an_increment("01", number, Stage.CONFIRMED, NOW) for number in range(1, 3)]
    log += [an_increment("00", 20 + number, Stage.CONFIRMED, NOW - 3 * HOUR) for number in range(30)]
    log += [an_increment("00", 60 + number, Stage.RECEIVED, NOW) for number in range(99)]
    project(log, tables)
    counts = stage_counts_by_day(petition, NOW, tables)
    assert rate(counts, counts, NOW + minutes * MINUTE) == Rate(this_hour, hour_before, 30, NOW - 3 * HOUR)


def test_without_confirmations_there_is_no_peak(tables: FakeTables, petition: Petition) -> None:
    assert rate(stage_counts_by_day(petition, NOW, tables), {}, NOW) == Rate(0, 0, 0, None)


def test_days_before_the_opening_are_read_too(tables: FakeTables) -> None:
    """Staff may have moved the opening to a later date."""
    petition = a_published_petition(tables, slug="early")
    later = petition.model_copy(update={"opened_at": NOW + 30 * DAY})
    project([Increment(keys.funnel("early", "00", OPENED.date()), "1", {"r12": 1})], tables)
    assert totals(stage_counts_by_day(later, OPENED + 20 * DAY, tables)) == {Stage.RECEIVED: 1}


MOMENT = datetime(2026, 11, 24, 13, 49, 59, tzinfo=UTC)


@pytest.mark.parametrize("stage", Stage)
def test_a_name_contains_stage_and_time(stage: Stage) -> None:
    name = name_of(stage, MOMENT)
    assert stage_of(name) is stage
    assert hour_of(name, MOMENT.date()) == MOMENT.replace(minute=0, second=0)


def test_a_full_day_takes_one_write_unit() -> None:
    """A write costs a unit for each kilobyte of the item."""
    names = {name_of(stage, MOMENT.replace(hour=hour)) for hour in range(24) for stage in Stage}
    assert len(names) == 24 * 6
    bytes_of_a_number = 3  # DynamoDB stores two digits in two or three bytes.
    size = sum(len(name) + bytes_of_a_number for name in names)
    assert size < 0.9 * 1024
