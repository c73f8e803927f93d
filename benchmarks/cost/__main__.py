"""`make cost`: price what `make bench` measured, print the bill, and write it into results.json."""

from benchmarks import results
from benchmarks.cost.bill import bill, table
from benchmarks.cost.prices import prices
from benchmarks.cost.standing import standing_table
from stack.console import bold, dim, run_main, say


def main() -> None:
    measured, table_of_prices = results.read(), prices()
    figures = results.add(bill(measured, table_of_prices))
    where = f"{table_of_prices.region}, prices of {table_of_prices.dated}"
    say(bold(f"US dollars for a million confirmed signatures in an hour, {where}"))
    for line in [*table(figures), "", *standing_table(measured["item_bytes"], table_of_prices)]:
        say(line)
    say(dim(f"Prices checked: {table_of_prices.checked}. Free tiers only where the table says so."))


if __name__ == "__main__":
    run_main(main)
