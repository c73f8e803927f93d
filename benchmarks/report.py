"""Turn the results of `make bench` into text: a table of the figures with goals, then details."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from benchmarks.way import FEW, MANY
from stack.console import bold, dim

Results = Mapping[str, Any]
USAGE = ("calls", "write_units", "read_units")


class FigureRow(NamedTuple):
    """A row of the table: name, goal, measured value, and whether the goal is met (None: there is no goal)."""

    name: str
    goal: str
    measured: str
    is_met: bool | None


def figures(results: Results) -> list[FigureRow]:
    """Return the figures that have a goal, in the order of the table."""
    way, few, many = results["way"], *(results["count"][f"at_{number}"] for number in (FEW, MANY))
    cpu, cold, auc = results["sign_cpu_ratio"], results["cold_start_ratio"], results["probing"]["auc"]
    return [
        _usage_figure("sign, warm: calls / write / read units", way["sign"], (1, 1, 0)),
        _usage_figure("confirm, warm: calls / write / read units", way["confirm"], (1, 4, 0)),
        _usage_figure(f"count on a cache miss, at {FEW}", few, (1, 0, 0.5)),
        _usage_figure(f"count on a cache miss, at {MANY:,}", many, (1, 0, 0.5)),
        FigureRow("sign handler CPU ÷ boto3's put_item", "≤ 1.5", f"{cpu:.2f}", cpu <= 1.5),
        # At 0.5 an attacker must guess; 0.4 helps an attacker as much as 0.6.
        FigureRow("one probe of an address, AUC", "0.40 to 0.60", f"{auc:.2f}", 0.4 <= auc <= 0.6),
        FigureRow("cold start ÷ its libraries alone", "≤ 1.25", f"{cold:.2f}", cold <= 1.25),
        FigureRow("zip size", "none", f"{results['zip_bytes'] / 1e6:.1f} MB", None),
    ]


def _usage_figure(name: str, usage: Results, goal: tuple[float, ...]) -> FigureRow:
    found = tuple(usage[part] for part in USAGE)
    wanted, measured = (" / ".join(f"{number:g}" for number in numbers) for numbers in (goal, found))
    return FigureRow(name, wanted, measured, found == goal)


def report(results: Results) -> Iterator[str]:
    """Return lines to print."""
    yield bold(f"{'figure':<44}{'goal':<18}measured")
    for name, goal, measured, is_met in figures(results):
        verdict = {True: "met", False: "MISSED", None: ""}[is_met]
        yield f"{name:<44}{goal:<18}{measured:<16}{verdict}".rstrip()
    yield ""
    yield from map(dim, _details(results))


def _details(results: Results) -> Iterator[str]:
    cpu, cold, machine, way = (results[name] for name in ("sign_cpu_us", "cold_start_ms", "machine", "way"))
    yield f"sign CPU: {cpu['handler']} µs, put_item alone {cpu['put_item']} µs; no TLS on either side"
    yield f"cold start CPU: {cold['ours']} ms, libraries {cold['libraries']} ms, after {cold['python']} ms for Python"
    for name, usage in (
        ("signing twice", way["sign_again"]),
        ("confirming twice", way["confirm_again"]),
        ("confirm at the widest tally", way["confirm_at_the_widest_tally"]),
        ("count, if its snapshot is stale and must be refreshed", results["count"][f"at_{FEW}"]["refresh"]),
    ):
        yield f"{name}: {usage['calls']} calls, {usage['write_units']:g} write and {usage['read_units']:g} read units"
    where = f"{machine['processor']}, {machine['cores']} cores, Python {machine['python']}"
    yield f"on {where}, load {machine['load_average']}"
