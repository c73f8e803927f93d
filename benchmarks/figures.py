"""The figures that have a goal, and whether they meet it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Results = Mapping[str, Any]
SPENT = ("calls", "write_units", "read_units")


@dataclass(frozen=True)
class Figure:
    """A row of the table: name, goal, measured value, and whether the goal is met."""

    name: str
    goal: str
    measured: str
    is_met: bool | None


def figures(results: Results) -> list[Figure]:
    """Return the figures in the order of the table."""
    few, many = results["count"]["at_10"], results["count"]["at_100000"]
    return [
        _spent("sign, warm: calls / write / read units", results["sign"], (1, 1, 0)),
        _spent("confirm, warm: calls / write / read units", results["confirm"], (1, 4, 0)),
        _constant_count("count on a cache miss, at 10", few, few),
        _constant_count("count on a cache miss, at 100,000", many, few),
        _staff(results["staff_counts"]),
        _ratio("sign handler CPU ÷ bare put_item", results["sign_cpu_ratio"], 1.5),
        _probing(results["probing"]),
        _ratio("cold start ÷ its libraries alone", results["cold_start_ratio"], 1.25),
        *_exporting(results["export"]),
        _page(results["staff_page"]),
        *_viewers(results["edge"]["minute"]),
        Figure("zip size", "say it", f"{results['zip_bytes'] / 1e6:.1f} MB", None),
    ]


def _viewers(minute: Results) -> list[Figure]:
    """Return the figures of a minute with 100,000 views. Rarely requested copies may be older: decision 048."""
    often = minute["origin_per_copy_and_second"]["max"]
    count, page = minute["stale_s"]["count"]["max"], minute["stale_s"]["page"]["p99"]
    return [
        Figure("requests at the API for a copy and second", "≤ 1", f"{often}", often <= 1),
        Figure("age of the count: most, in pages p99", "≤ 10 s", f"{count:.1f} / {page:.1f}", max(count, page) <= 10),
    ]


def _probing(probing: Results) -> Figure:
    """The share is 0.5 if the attacker must guess. A share below 0.5 helps an attacker as much as one above."""
    found = [probing[where]["auc"] for where in ("in_process", "over_loopback")]
    hidden = all(abs(auc - 0.5) <= 0.1 for auc in found)
    return Figure("one probe of an address, AUC", "0.40 to 0.60", " / ".join(f"{auc:.2f}" for auc in found), hidden)


def _exporting(export: Results) -> list[Figure]:
    """Ten times as many rows must be as fast per row and use no more memory, within the noise of a shared machine."""
    few, many = export["at_10000"], export["at_100000"]
    pace, memory = many["rows_a_second"] / few["rows_a_second"], many["peak_mb"] / few["peak_mb"]
    both = f"{few['rows_a_second']:,} / {many['rows_a_second']:,}"
    peaks = f"{few['peak_mb']:.0f} / {many['peak_mb']:.0f}"
    return [
        Figure("export, rows/s at 10,000 / 100,000", "linear (≥ 0.8)", both, pace >= 0.8),
        Figure("export, peak MB at 10,000 / 100,000", "flat (≤ 1.1)", peaks, memory <= 1.1),
    ]


def _page(measured: Results) -> Figure:
    """With an empty cache, without the chart library."""
    size, goal = measured["bytes"], measured["goal"]
    return Figure("staff page, transferred", f"< {goal / 1e3:.0f} KB", f"{size / 1e3:.1f} KB", size < goal)


def _spent(name: str, spent: Results, goal: tuple[int, int, int]) -> Figure:
    found = tuple(spent[part] for part in SPENT)
    return Figure(name, _slashed(goal), _slashed(found), found == goal)


def _constant_count(name: str, spent: Results, few: Results) -> Figure:
    """A count must cost one read, and as much as the count of a small tally."""
    same = all(spent[part] == few[part] for part in SPENT)
    only_reads = spent["calls"] == 1 and spent["write_units"] == 0
    return Figure(name, "1 read, the same", f"{spent['calls']} ({spent['read_units']:g} units)", same and only_reads)


def _staff(counts: Results) -> Figure:
    """A million costs the same as a thousand; only the digits of the number make the body longer."""
    few, many = counts["at_1000"], counts["at_1000000"]
    same = all(many[part] == few[part] for part in SPENT) and many["body_bytes"] - few["body_bytes"] == 3
    same &= many["unchanged"]["body_bytes"] == 0
    measured = f"{many['calls']} ({many['read_units']:g} units)"
    return Figure("staff's count at 1,000,000 as at 1,000", "the same", measured, same)


def _ratio(name: str, ratio: float, goal: float) -> Figure:
    return Figure(name, f"≤ {goal:g}", f"{ratio:.2f}", ratio <= goal)


def _slashed(numbers: tuple[float, ...]) -> str:
    plain: Callable[[float], str] = "{:g}".format
    return " / ".join(map(plain, numbers))
