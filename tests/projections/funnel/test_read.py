"""What was passed, however it was told: by hour and day, in sums that agree, each change once."""

from collections import Counter
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from chalicelib.core import keys
from chalicelib.core.errors import Throttled
from chalicelib.petitions.model import Petition
from chalicelib.projections.funnel.model import Stage, name_of
from chalicelib.projections.funnel.read import FunnelBy, Rate, on, passed_by_day, rate, rows, totals
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


def passes(bucket: str, sequence: int, stage: Stage, at: datetime) -> Increment:
    return Increment(keys.funnel(SLUG, bucket, at.date()), str(sequence), {name_of(stage, at): 1})


def told(changes: list[tuple[str, int, Stage]]) -> list[Increment]:
    """The buckets' clocks need not agree; sequence numbers grow, and grow in length."""
    return [
        passes(bucket, number, stage, OPENED + hours * HOUR)
        for number, (bucket, hours, stage) in enumerate(changes, 95)
    ]


@given(CHANGES, WINDOWS, st.lists(st.integers(4, 20), max_size=2))
def test_whatever_comes_again_in_whatever_batches_is_counted_once(
    changes: list[tuple[str, int, Stage]], windows: list[tuple[int, int]], looks: list[int]
) -> None:
    log, tables, done = told(changes), FakeTables(), 0
    petition = a_published_petition(tables)
    for first, size in windows:
        start = min(first, done)
        project(log[start : start + size], tables)
        done = max(done, start + size)
    project(log[min(done, len(log)) :], tables)
    project(log[::-1], tables)
    wanted = Counter(stage for _, _, stage in changes)
    for days_later in [4, *sorted(looks), 30]:
        passed = passed_by_day(petition, OPENED + days_later * DAY, tables)
        assert totals(passed) == wanted
        for by in FunnelBy:
            assert sum(rows(by, passed).values(), Counter()) == wanted


def test_a_day_that_is_over_is_one_item_and_is_read_no_more(tables: FakeTables, petition: Petition) -> None:
    project([passes("00", 1, Stage.RECEIVED, NOW), passes("3f", 2, Stage.RECEIVED, NOW)], tables)
    passed_by_day(petition, NOW + 2 * DAY, tables)
    assert keys.funnel_day(SLUG, NOW.date()) not in tables.items
    passed_by_day(petition, NOW + 3 * DAY, tables)
    assert tables.items[keys.funnel_day(SLUG, NOW.date())]["r12"] == 2
    project([passes("01", 3, Stage.RECEIVED, NOW)], tables)
    tables.calls.clear()
    assert totals(passed_by_day(petition, NOW + 3 * DAY, tables)) == {Stage.RECEIVED: 2}
    assert tables.calls == ["query", "batch_get"]


def test_a_day_that_cannot_be_closed_now_is_told_all_the_same(petition: Petition) -> None:
    class Unwilling(FakeTables):
        def put_new(self, new: object) -> None:
            raise Throttled("storage")

    tables = Unwilling()
    a_published_petition(FakeTables())
    tables.put(keys.tally_head(SLUG), {"through": "2026-11-23", "total": 0})
    project([passes("00", 1, Stage.MAILED, NOW)], tables)
    for later in (9 * DAY, 10 * DAY):
        assert totals(passed_by_day(petition, NOW + later, tables)) == {Stage.MAILED: 1}


def test_only_the_days_asked_for_are_told(tables: FakeTables, petition: Petition) -> None:
    project([passes("00", 1, Stage.RECEIVED, NOW), passes("00", 2, Stage.RECEIVED, NOW + DAY)], tables)
    passed = passed_by_day(petition, NOW + 5 * DAY, tables)
    assert rows(FunnelBy.DAY, on(Days(NOW.date(), NOW.date()), passed)) == {"2026-11-24": {Stage.RECEIVED: 1}}
    assert rows(FunnelBy.HOUR, on(Days(date(2026, 11, 25)), passed)) == {"2026-11-25T12:00:00Z": {Stage.RECEIVED: 1}}


@pytest.mark.parametrize(("minutes", "now", "over"), [(0, 1.2, 10), (5, 0.8, 15), (10, 0.0, 10)])
def test_the_rate_is_of_the_last_ten_minutes_and_more(
    tables: FakeTables, petition: Petition, minutes: int, now: float, over: int
) -> None:
    log = [passes("00", number, Stage.CONFIRMED, NOW - MINUTE) for number in range(1, 13)]
    log += [passes("00", 20 + number, Stage.CONFIRMED, NOW - 3 * HOUR) for number in range(30)]
    log += [passes("00", 60 + number, Stage.RECEIVED, NOW) for number in range(99)]
    project(log, tables)
    passed = passed_by_day(petition, NOW, tables)
    assert rate(passed, passed, NOW + minutes * MINUTE) == Rate(now, over, 3.0, NOW - 3 * HOUR)


def test_where_nothing_was_confirmed_there_is_no_peak(tables: FakeTables, petition: Petition) -> None:
    assert rate(passed_by_day(petition, NOW, tables), {}, NOW) == Rate(0.0, 10, 0.0, None)


def test_a_petition_that_began_before_its_date_is_read_from_its_beginning(tables: FakeTables) -> None:
    """Its opening may have been put off since."""
    begun = a_published_petition(tables, slug="early")
    later = begun.model_copy(update={"opened_at": NOW + 30 * DAY})
    project([Increment(keys.funnel("early", "00", OPENED.date()), "1", {"r12": 1})], tables)
    assert totals(passed_by_day(later, OPENED + 20 * DAY, tables)) == {Stage.RECEIVED: 1}
