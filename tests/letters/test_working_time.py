"""Working hours in London."""

from datetime import UTC, datetime

from hypothesis import given, strategies as st

from chalicelib.letters.pace import HOUR, MILLISECOND, WorkingTime

USUAL = WorkingTime()
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC))
HOURS = st.integers(0, 22).flatmap(lambda first: st.tuples(st.just(first), st.integers(first + 1, 24)))


@given(MOMENTS, HOURS)
def test_the_moment_of_a_position_is_in_working_hours_and_has_that_position(
    moment: datetime, hours: tuple[int, int]
) -> None:
    working = WorkingTime(*hours)
    found = working.moment_at(working.position(moment))
    assert working.is_open(found)
    assert working.position(found) == working.position(moment)
    if working.is_open(moment):
        assert moment - MILLISECOND < found <= moment
    else:
        assert found > moment


@given(MOMENTS, MOMENTS)
def test_a_later_moment_never_has_an_earlier_position(one: datetime, another: datetime) -> None:
    first, second = sorted((one, another))
    assert USUAL.position(first) <= USUAL.position(second)


def test_monday_morning_follows_friday_evening_and_a_summer_day_begins_an_hour_earlier() -> None:
    friday = datetime(2026, 3, 27, 17, tzinfo=UTC)
    assert USUAL.moment_at(USUAL.position(friday)) == datetime(2026, 3, 30, 8, tzinfo=UTC)
    assert USUAL.moment_at(USUAL.position(friday - HOUR)) == friday - HOUR
