"""`make simulate`: run each scenario on each account, print its limits, draw charts, and write results.json."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import results
from benchmarks.model import charts
from benchmarks.model.flood import CASES, simulate_evening
from benchmarks.model.limits import ACCOUNTS
from benchmarks.model.needs import table_of_needs
from benchmarks.model.scenarios import BURST_LOAD, HANGING, HOUR_LOAD, SCENARIOS, SimulationRun, run
from benchmarks.model.service import Service, calibrated_service
from benchmarks.model.world import DAY_SECONDS, Load
from stack.console import Failure, bold, dim, run_main, say
from stack.paths import ROOT

CHARTS = ROOT / "docs" / "capacity"
HEADER = f"{'load':<46}{'account':<9}{'waiting':>9}{'longest':>9}{'overflow':>10}{'stored':>10}{'mailed':>11}"


def main() -> None:
    stored = results.read()
    if "way" not in stored or "edge" not in stored:
        raise Failure("the model needs what `make cost` and `make bench` measure: run these first")
    service = calibrated_service(stored)
    say(dim("A model, not a measurement: limits and their sources are in benchmarks/model/limits.py."))
    say(bold(HEADER))
    runs = {}
    for load in SCENARIOS:
        for account_name in ACCOUNTS:
            runs[load.name, account_name] = _simulate(load, account_name, service)
    table = table_of_needs(service)
    floods = {}
    for name, (limit, shares_a_carrier) in CASES.items():
        floods[name] = simulate_evening(limit, shares_a_carrier=shares_a_carrier).figures
    results.add({"flood": floods})
    for name, figures in floods.items():
        say(f"flood, {name}: {figures}")
    figures_of_runs = [each.figures for each in runs.values()]
    results.add({"model": {"runs": figures_of_runs, "needs": table}})
    _draw(runs, CHARTS)
    for line in _needs_lines(table):
        say(line)


def _simulate(load: Load, name: str, service: Service) -> SimulationRun:
    """Run the load on the account `name`, and print the result at once: the longest runs take some seconds."""
    done = run(load, name, service)
    figures = done.figures
    say(
        f"{load.name:<46}{name:<9}{figures['peak_waiting']:>9,}{figures['longest_wait_s']:>7,} s"
        f"{figures['peak_overflow']:>10,}{figures['all_stored_s']:>8,} s{figures['mailed_days']:>9,.1f} d"
    )
    first_refusals = [f"{limit} (at {when:,} s)" for limit, when in figures["held_up_first_s"].items()]
    say(dim(f"    held up by: {', '.join(first_refusals)}"))
    return done


def _draw(runs: dict[tuple[str, str], SimulationRun], folder: Path) -> None:
    """Draw the charts. The second argument of most is how many seconds of the run they show."""

    def runs_of(load: Load, *names: str) -> list[SimulationRun]:
        return [runs[load.name, name] for name in names]

    charts.waiting(runs_of(HOUR_LOAD, *ACCOUNTS), 3 * 3600, "A million in an hour", folder / "hour-waiting.svg")
    charts.waiting(
        runs_of(BURST_LOAD, "default", "raised"), 240, "10,000 a second for a minute", folder / "burst-waiting.svg"
    )
    charts.overflow(
        runs_of(BURST_LOAD, "default", "raised"), 3600, "10,000 a second for a minute", folder / "burst-overflow.svg"
    )
    charts.overflow(
        runs_of(HANGING, "default", "raised"), 4800, "Table away for ten minutes", folder / "outage-overflow.svg"
    )
    charts.mail(
        runs_of(HOUR_LOAD, "default", "raised"), 21 * DAY_SECONDS, "A million in an hour", folder / "hour-mail.svg"
    )
    charts.conflicts(folder / "conflicts.svg")


def _needs_lines(table: list[dict[str, Any]]) -> Iterator[str]:
    yield bold("what this many signatures a second need, if emails and confirmations have the same rate")
    for name in table[0]:
        values = [row[name] or "too many" for row in table]  # 0 or None: no possible number is enough.
        cells = [f"{value:>12}" for value in values]
        yield f"{name:<34}{''.join(cells)}"


if __name__ == "__main__":
    run_main(main)
