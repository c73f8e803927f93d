"""The figures of results.json meet their goals."""

import json
from copy import deepcopy
from typing import Any

import pytest

from benchmarks.probing import auc
from benchmarks.report import figures, report
from benchmarks.results import RESULTS
from benchmarks.tutorial.__main__ import lines
from benchmarks.worker import measure_in_process


@pytest.fixture
def results() -> dict[str, Any]:
    measured: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
    return measured


def test_counted_figures_meet_their_goals(results: dict[str, Any]) -> None:
    with_goals = [figure for figure in figures(results) if figure.name.startswith(("sign, ", "confirm", "count"))]
    assert [figure.name for figure in with_goals if not figure.is_met] == []
    assert len(with_goals) == 4


def test_no_row_of_the_comparison_with_a_tutorial_is_missed(results: dict[str, Any]) -> None:
    assert [line for line in lines(results["tutorial"]) if "MISSED" in line] == []


@pytest.mark.parametrize(
    ("path", "worse"),
    [
        (("way", "sign", "calls"), 2),
        (("way", "sign", "read_units"), 0.5),
        (("way", "confirm", "write_units"), 6),
        (("count", "at_100000", "calls"), 2),
        (("count", "at_100000", "read_units"), 1),
        (("sign_cpu_ratio",), 1.51),
        (("cold_start_ratio",), 1.26),
        (("probing", "auc"), 0.61),
        (("probing", "auc"), 0.39),
    ],
)
def test_a_worse_figure_misses_its_goal(results: dict[str, Any], path: tuple[str, ...], worse: float) -> None:
    good = {**results, "sign_cpu_ratio": 1.5, "cold_start_ratio": 1.25}
    assert number_of_missed_goals(good) == 0
    bad = deepcopy(good)
    place = bad
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = worse
    assert number_of_missed_goals(bad) == 1
    missed_lines = [line for line in report(bad) if "MISSED" in line]
    assert len(missed_lines) == 1


def number_of_missed_goals(results: dict[str, Any]) -> int:
    return sum(figure.is_met is False for figure in figures(results))


@pytest.mark.parametrize(
    ("known", "new", "expected"),
    [([3, 4], [1, 2], 1), ([1, 2], [3, 4], 0), ([1, 2], [1, 2], 0.5), ([1, 4], [2, 3], 0.5), ([2, 4], [1, 3], 0.75)],
)
def test_auc_is_the_share_of_correctly_ordered_pairs(known: list[float], new: list[float], expected: float) -> None:
    assert auc(known, new) == expected


def test_the_benchmark_measures_a_signature_that_was_stored() -> None:
    assert measure_in_process("benchmarks.sign_cpu", "21")["sign_cpu_ratio"] > 1
