"""Select the figures that have a goal from the results, and tell whether they meet it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Results = Mapping[str, Any]
USAGE = ("calls", "write_units", "read_units")


@dataclass(frozen=True)
class FigureRow:
    """A row of the table: name, goal, measured value, and whether the goal is met."""

    name: str
    goal: str
    measured: str
    is_met: bool | None


def figures(results: Results) -> list[FigureRow]:
    """Return the figures in the order of the table."""
    few, many = results["count"]["at_10"], results["count"]["at_100000"]
    return [
        _usage_figure("sign, warm: calls / write / read units", results["sign"], (1, 1, 0)),
        _usage_figure("confirm, warm: calls / write / read units", results["confirm"], (1, 4, 0)),
        _constant_count_figure("count on a cache miss, at 10", few, at_10=few),
        _constant_count_figure("count on a cache miss, at 100,000", many, at_10=few),
        _ratio_figure("sign handler CPU ÷ boto3's put_item", results["sign_cpu_ratio"], 1.5),
        _probing_figure(results["probing"]),
        _ratio_figure("cold start ÷ its libraries alone", results["cold_start_ratio"], 1.25),
        FigureRow("zip size", "none", f"{results['zip_bytes'] / 1e6:.1f} MB", None),
    ]


def _probing_figure(probing: Results) -> FigureRow:
    """Return the AUC of probing (probing.py). At 0.5 an attacker must guess; 0.4 helps an attacker as much as 0.6."""
    auc = probing["auc"]
    return FigureRow("one probe of an address, AUC", "0.40 to 0.60", f"{auc:.2f}", 0.4 <= auc <= 0.6)


def _usage_figure(name: str, usage: Results, goal: tuple[int, int, int]) -> FigureRow:
    found = tuple(usage[part] for part in USAGE)
    return FigureRow(name, _join_with_slashes(goal), _join_with_slashes(found), found == goal)


def _constant_count_figure(name: str, usage: Results, at_10: Results) -> FigureRow:
    """Return the cost of a count. The goal: one read, which costs the same as the count of ten signatures."""
    is_one_read = usage["calls"] == 1 and usage["write_units"] == 0
    is_met = is_one_read and all(usage[part] == at_10[part] for part in USAGE)
    return FigureRow(name, "1 read, as at 10", f"{usage['calls']} ({usage['read_units']:g} units)", is_met)


def _ratio_figure(name: str, ratio: float, goal: float) -> FigureRow:
    return FigureRow(name, f"≤ {goal:g}", f"{ratio:.2f}", ratio <= goal)


def _join_with_slashes(numbers: tuple[float, ...]) -> str:
    return " / ".join(f"{number:g}" for number in numbers)
