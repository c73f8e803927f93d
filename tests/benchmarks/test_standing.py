"""What a stage costs while nobody signs."""

import pytest

from benchmarks.cost.prices import prices
from benchmarks.cost.standing import GOALS_USD, StandingLine, options, petition_lines, standing_lines
from benchmarks.results import read

ITEM_BYTES = read()["sign"]["item_bytes"]


def total(rows: list[StandingLine]) -> float:
    return sum(row.usd_beyond_free(prices()) for row in rows)


@pytest.mark.parametrize("stage", ["prod", "dev"])
def test_an_idle_stage_costs_no_more_than_its_goal(stage: str) -> None:
    assert total(standing_lines(stage)) <= GOALS_USD[stage]


def test_a_petition_costs_no_more_than_its_goal() -> None:
    assert total(petition_lines(ITEM_BYTES)) <= GOALS_USD["petition"]


def test_alarms_are_billed_for_each_metric_and_few_alarms_cost_less() -> None:
    [all_alarms, few_alarms] = [standing_lines(stage)[0].quantity for stage in ("prod", "dev")]
    assert few_alarms < 15 < all_alarms <= 40


def test_each_row_has_a_price() -> None:
    rows = [*standing_lines("prod"), *options(), *petition_lines(ITEM_BYTES)]
    assert {row.price for row in rows} <= prices().by_name.keys()
