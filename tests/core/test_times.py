"""Times are UTC, ISO 8601, to the second."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import TypeAdapter, ValidationError

from chalicelib.core import times
from chalicelib.core.times import Moment, exact, iso, lower_bound

MOMENT = TypeAdapter(Moment)


def test_now_is_utc() -> None:
    assert times.now().tzinfo is UTC


def test_times_in_any_zone_are_written_in_utc() -> None:
    summer = timezone(timedelta(hours=2))
    assert iso(datetime(2026, 7, 1, 1, 30, 15, 999_999, tzinfo=summer)) == "2026-06-30T23:30:15Z"


def test_a_written_time_can_be_read() -> None:
    assert MOMENT.dump_python(MOMENT.validate_python("2026-11-24T12:00:00+01:00")) == "2026-11-24T11:00:00Z"


@pytest.mark.parametrize("form", [iso, exact])
def test_the_lower_bound_separates_times_of_both_forms(form: Callable[[datetime], str]) -> None:
    second = datetime(2026, 11, 24, 12, 0, 5, 600_000, tzinfo=UTC)
    assert form(second.replace(microsecond=0)) >= lower_bound(second)
    assert form(second) >= lower_bound(second)
    assert form(second - timedelta(milliseconds=601)) < lower_bound(second)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValidationError):
        MOMENT.validate_python(datetime(2026, 11, 24))


@pytest.mark.parametrize(
    "time",
    [
        "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59Z",
        # In UTC, these are in the years 999 and 9000. A stored time of these years cannot be read again.
        "1000-01-01T00:00:00+01:00", "8999-12-31T23:59:59-01:00",
    ],
)  # fmt: skip
def test_a_time_at_the_end_of_the_calendar_is_refused(time: str) -> None:
    with pytest.raises(ValidationError, match="Use a year"):
        MOMENT.validate_python(time)


@pytest.mark.parametrize("number", [45620, 45620.5, "45620", "-4.56e-5", "2026", "20261124", 1_732_449_600])
def test_a_number_is_no_time(number: object) -> None:
    """A spreadsheet writes 45620 for a day of 2024. As seconds since 1970, it would be 1 January 1970."""
    with pytest.raises(ValidationError) as caught:
        MOMENT.validate_python(number)
    assert caught.value.errors()[0]["type"] == "datetime_type"
