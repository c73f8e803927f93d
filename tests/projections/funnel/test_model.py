"""The names of the numbers in a day's item can be parsed again."""

from datetime import UTC, datetime

import pytest

from chalicelib.projections.funnel import Stage, hour_of, name_of, numbers_of, stage_of

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


def test_keys_and_sequence_are_not_numbers() -> None:
    assert numbers_of({"pk": "FUNNEL#a#00", "sk": "2026-11-24", "projected_to": "0", "r13": 2}) == {"r13": 2}
