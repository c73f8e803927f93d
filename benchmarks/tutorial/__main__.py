"""The second part of `make bench`: measure our application and a tutorial's, print a table, and write results.json.

"Ours" is our application, and "theirs" is the tutorial's.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks import machine, results
from benchmarks.tutorial.compare import THREADS
from benchmarks.worker import measure_in_process
from stack.console import bold, dim, run_main, say
from stack.local.emulator import empty_emulator

# Our goal for requests a second, as a multiple of theirs.
GOAL_FACTOR = 2
ROWS = (
    ("AWS calls per signature", "aws_calls", "less"),
    ("write units per signature", "write_units", "less"),
    ("CPU of the handler, ms", "handler_cpu_ms", "less"),
    ("requests/s", "requests_per_second", f"≥ {GOAL_FACTOR} ×"),
    (f"counted wrong, {THREADS} threads at once", "count_error_race", "0, theirs not"),
    ("counted wrong, retries after time-outs", "count_error_retries", "0, theirs not"),
    ("mails lost when SES refuses", "mails_lost", "0, theirs not"),
)


def main() -> None:
    say(dim("Comparing with a tutorial's application ..."))
    with empty_emulator() as running:
        figures = measure_in_process("benchmarks.tutorial.compare", running.endpoint)
    results.add({"tutorial": {**figures, "machine": machine.describe()}})
    for line in lines(figures):
        say(line)


def lines(measured: Mapping[str, Any]) -> Iterator[str]:
    yield bold(f"{'against a tutorials application':<44}{'goal':<18}{'ours':<9}theirs")
    for name, key, goal in ROWS:
        ours, theirs = measured[key]["ours"], measured[key]["theirs"]
        reached = {"less": ours < theirs, "0, theirs not": ours == 0 and theirs != 0}
        result = "met" if reached.get(goal, ours >= GOAL_FACTOR * theirs) else "MISSED"
        yield f"{name:<44}{goal:<18}{ours:<9g}{theirs:<9g}{result}"


if __name__ == "__main__":
    run_main(main)
