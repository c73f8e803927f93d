"""The names of the numbers in a day's item can be parsed again."""

from datetime import UTC, datetime

import pytest

from chalicelib.projections.funnel.model import Stage, name_of, numbers_of, stage_of, start_of

MOMENT = datetime(2026, 11, 24, 13, 49, 59, tzinfo=UTC)


@pytest.mark.parametrize("stage", Stage)
def test_a_name_contains_stage_and_time(stage: Stage) -> None:
    name = name_of(stage, MOMENT)
    assert stage_of(name) is stage
    assert start_of(name, MOMENT.date()) == MOMENT.replace(minute=40 if stage is Stage.CONFIRMED else 0, second=0)


def test_a_full_day_takes_at_most_two_write_units() -> None:
    """A write costs a unit for each kilobyte of the item."""
    names = {
        name_of(stage, MOMENT.replace(hour=hour, minute=minute))
        for stage in Stage
        for hour in range(24)
        for minute in range(60)
    }
    assert len(names) == 24 * 5 + 144
    assert sum(len(name) + 3 for name in names) < 1.75 * 1024  # DynamoDB: two or three bytes for two digits


def test_keys_and_sequence_are_not_numbers() -> None:
    assert numbers_of({"pk": "FUNNEL#a#00", "sk": "2026-11-24", "projected_to": "0", "r13": 2}) == {"r13": 2}
