"""`make simulate`: model a spike against AWS's limits, and a flood of first emails. Draw charts, write results.json."""

from benchmarks import results
from benchmarks.flood import CASES, simulate_evening
from benchmarks.model import charts
from benchmarks.model.limits import ACCOUNTS
from benchmarks.model.scenarios import BURST_LOAD, HANGING, HOUR_LOAD, SCENARIOS, figures, run
from benchmarks.model.service import calibrated_service
from benchmarks.model.simulate import DAY
from stack.console import dim, run_main, say
from stack.paths import ROOT

CHARTS = ROOT / "docs" / "capacity"


def main() -> None:
    service = calibrated_service(results.read())
    say(dim("A model, not a measurement: limits and their sources are in benchmarks/model/limits.py."))
    runs, rows = {}, []
    for load in SCENARIOS:
        for name in ACCOUNTS:
            runs[load.name, name] = run(load, name, service)
            row = figures(runs[load.name, name])
            rows.append(row)
            say(", ".join(f"{figure} {value}" for figure, value in row.items()))
    floods = {
        name: simulate_evening(limit, shares_a_carrier=carrier).figures for name, (limit, carrier) in CASES.items()
    }
    for name, flood in floods.items():
        say(f"flood, {name}: {flood}")
    results.add({"model": {"runs": rows}, "flood": floods})
    usual = ("default", "raised")
    minute, title = 60, "10,000 a second for a minute"
    for name, what, load, accounts, seconds, unit, heading in (
        ("hour-waiting", "people not yet answered", HOUR_LOAD, ACCOUNTS, 10_800, minute, "A million in an hour"),
        ("burst-waiting", "people not yet answered", BURST_LOAD, usual, 240, minute, title),
        ("burst-overflow", "in the overflow queue", BURST_LOAD, usual, 3_600, minute, title),
        ("outage-overflow", "in the overflow queue", HANGING, usual, 4_800, minute, "Table away for ten minutes"),
        ("hour-mail", "mails not yet sent", HOUR_LOAD, usual, 21 * DAY, DAY, "A million in an hour"),
    ):
        shown = [runs[load.name, each] for each in accounts]
        charts.over_time(shown, what, (seconds, unit), heading, CHARTS / f"{name}.svg")


if __name__ == "__main__":
    run_main(main)
