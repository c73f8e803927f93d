"""Measure both, print the table, and write the key `tutorial` into results.json. Part of `make bench`."""

from typing import Any

from benchmarks import machine, results
from benchmarks.tutorial.deployed_race import count_error_of_race
from benchmarks.tutorial.deployment import FUNCTIONS, deploy_both
from benchmarks.tutorial.rates import CONNECTIONS, rates
from benchmarks.tutorial.rows import lines
from benchmarks.worker import measure_in_process
from stack.console import dim, run_main, say
from stack.emulator import emulator

METHOD = {
    "aws_calls, write_units, handler_cpu_ms": "A new signature, warm, by turns in one process on the emulator; CPU"
    " without TLS. Ours leaves the mail to workers, whose calls are under `way`; theirs sends it before it answers.",
    "requests_per_second": f"{CONNECTIONS} connections through API and Lambda on the emulator, by turns, median; ours"
    " once with its workers on the same cores, once with their event sources off until the round is over.",
    "count_error_race": "Both deployed; 32 threads press at once, for one address or each for its own; ours confirms in"
    " the same way. Counted, less distinct people.",
    "count_error_retries": "10 of 40 people: each write's first answer is lost after it took effect; SDK and browser"
    " ask again. Counted, less people.",
    "mails_lost": "10 of 40 people sign while SES refuses for its rate (429); theirs press again afterwards.",
}


def main() -> None:
    say(dim("Comparing with a tutorial's application ..."))
    measured = {**_measure_in_one_process(), **_measure_deployed(), "machine": machine.describe(), "method": METHOD}
    results.add({"tutorial": measured})
    for line in lines(measured):
        say(line)


def _measure_in_one_process() -> dict[str, Any]:
    with emulator() as running:
        return measure_in_process("benchmarks.tutorial.side_by_side", running.endpoint)


def _measure_deployed() -> dict[str, Any]:
    with emulator(functions=FUNCTIONS) as running:
        both = deploy_both(running.endpoint)
        return {**rates(both), "count_error_race": count_error_of_race(both)}


if __name__ == "__main__":
    run_main(main)
