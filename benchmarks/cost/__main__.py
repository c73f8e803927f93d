"""`make cost`: run one signature through all handlers, price it, print the bill, and write it into results.json."""

from benchmarks import machine, results
from benchmarks.cost.bill import bill, table
from benchmarks.cost.prices import prices
from benchmarks.worker import measure_in_process
from stack.console import bold, dim, run_main, say
from stack.emulator import emulator


def main() -> None:
    say(dim("Running a signature through all handlers on the embedded AWS ..."))
    with emulator() as running:
        way = measure_in_process("benchmarks.way", running.endpoint)
    when = {name: value for name, value in machine.describe().items() if name in ("measured_at", "load_average")}
    known = results.add({"way": way, "way_measured": when})
    priced = prices()
    figures = results.add(bill(way, known["sign"]["item_bytes"], priced, known.get("edge", {}).get("minute")))
    say(bold(f"US dollars for a million confirmed signatures in an hour, {priced.region}, prices of {priced.dated}"))
    for line in table(figures):
        say(line)
    say(dim(f"Prices checked: {priced.checked}. No free tiers."))


if __name__ == "__main__":
    run_main(main)
