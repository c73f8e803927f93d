"""The names of the numbers in a day's item can be parsed again."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.projections.funnel.model import Stage, name_of, numbers_of, stage_of, start_of

MOMENT = datetime(2026, 11, 24, 13, 49, 59, tzinfo=UTC)


@pytest.mark.parametrize("stage", Stage)
def test_a_name_contains_stage_and_time(stage: Stage) -> None:
    name = name_of(stage, MOMENT)
    assert stage_of(name) is stage
    minute = 40 if stage is Stage.CONFIRMED else 0
    assert start_of(name, MOMENT.date()) == MOMENT.replace(minute=minute, second=0)


def test_a_full_day_takes_at_most_two_write_units() -> None:
    """A write costs a unit for each kilobyte of the item."""
    midnight = MOMENT.replace(hour=0, minute=0)
    names: set[str] = set()
    for minute in range(24 * 60):
        moment = midnight + timedelta(minutes=minute)
        names |= {name_of(stage, moment) for stage in Stage}
    assert len(names) == 24 * 5 + 144
    bytes_of_a_number = 3  # DynamoDB stores two digits in two or three bytes.
    size = sum(len(name) + bytes_of_a_number for name in names)
    assert size < 1.75 * 1024


def test_keys_and_sequence_are_not_numbers() -> None:
    assert numbers_of({"pk": "FUNNEL#a#00", "sk": "2026-11-24", "projected_to": "0", "r13": 2}) == {"r13": 2}
