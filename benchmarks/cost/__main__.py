"""`make cost`: measure all handlers on the way of a signature, print the bill, and write both into results.json."""

from benchmarks import lambdas, machine, results
from benchmarks.cost.bill import bill, table
from benchmarks.cost.prices import prices
from benchmarks.cost.standing import standing_table
from benchmarks.worker import measure_in_process
from stack.console import bold, dim, run_main, say
from stack.local.emulator import empty_emulator


def main() -> None:
    say(dim("Running signatures through all handlers on the embedded AWS ..."))
    with empty_emulator() as running:
        steps = measure_in_process("benchmarks.way", running.endpoint)
    description = machine.describe()
    conditions = {name: description[name] for name in ("load_average", "measured_at")}
    all_results = results.add({"way": steps, "way_measured": conditions})
    table_of_prices = prices()
    item_bytes, cold_cpu_us = all_results["sign"]["item_bytes"], lambdas.cold_start_cpu_us(all_results)
    figures = results.add(bill(steps, item_bytes, cold_cpu_us, table_of_prices, all_results["views"]))
    where = f"{table_of_prices.region}, prices of {table_of_prices.dated}"
    say(bold(f"US dollars for a million confirmed signatures in an hour, {where}"))
    for line in [*table(figures), "", *standing_table(item_bytes, table_of_prices)]:
        say(line)
    say(dim(f"Prices checked: {table_of_prices.checked}. Free tiers only where the table says so."))


if __name__ == "__main__":
    run_main(main)
