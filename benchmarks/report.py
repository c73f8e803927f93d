"""Turn the results of `make bench` into text: a table of the figures with goals, then details."""

from collections.abc import Iterator
from typing import Any

from benchmarks.figures import FigureRow, figures
from stack.console import bold, dim

VERDICTS = {True: "met", False: "MISSED", None: ""}
LARGEST_IN_ZIP = 6


def report(results: dict[str, Any]) -> Iterator[str]:
    """Return lines to print."""
    yield from _table(figures(results))
    yield ""
    yield from map(dim, _details(results))


def _table(rows: list[FigureRow]) -> Iterator[str]:
    yield bold(_line("figure", "goal", "measured", ""))
    for row in rows:
        yield _line(row.name, row.goal, row.measured, VERDICTS[row.is_met])


def _line(name: str, goal: str, measured: str, result: str) -> str:
    return f"{name:<44}{goal:<18}{measured:<16}{result}".rstrip()


def _details(results: dict[str, Any]) -> Iterator[str]:
    cpu, cold, machine = results["sign_cpu_us"], results["cold_start_ms"], results["machine"]
    yield f"sign CPU: {cpu['handler']} µs, put_item alone {cpu['put_item']} µs; no TLS on either side"
    yield f"cold start CPU: {cold['ours']} ms, libraries {cold['libraries']} ms, after {cold['python']} ms for Python"
    yield f"signing twice: {_usage_text(results['sign']['duplicate'])}"
    yield f"confirming twice: {_usage_text(results['confirm']['again'])}"
    yield f"count, if its snapshot is stale and must be refreshed: {_usage_text(results['count']['refresh'])}"
    many = results["confirm"]["at_100000"]
    yield f"confirm at the widest tally ({many['largest_tally_item_bytes']} bytes a shard): {_usage_text(many)}"
    largest = list(results["zip_contents"].items())[:LARGEST_IN_ZIP]
    sizes = [f"{name} {size / 1e6:.1f} MB" for name, size in largest]
    yield f"zip: {', '.join(sizes)}"
    where = f"{machine['processor']}, {machine['cores']} cores, Python {machine['python']}"
    yield f"on {where}, load {machine['load_average']}"


def _usage_text(usage: dict[str, Any]) -> str:
    return f"{usage['calls']} call(s), {usage['write_units']:g} write and {usage['read_units']:g} read units"
