"""The second part of `make bench`: measure our application and a tutorial's, print a table, and write results.json.

In the names here, "ours" is our application, and "theirs" is the tutorial's. It writes the key `tutorial`.
"""

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
    "aws_calls, write_units, handler_cpu_ms": "A new signature on the emulator. Both sides alternate in one warm"
    " process; CPU without TLS. Ours leaves the email to workers, whose calls are under `way`. Theirs sends the email"
    " before it answers.",
    "requests_per_second": f"{CONNECTIONS} connections through API Gateway and Lambda on the emulator. The sides"
    " alternate; median of rounds. `workers_apart`: our workers, which share the cores, are off during the round.",
    "count_error_race": "Both are deployed. 32 threads sign at once, with one address or each with its own. With"
    " ours, they then confirm at once too. The count minus the number of people.",
    "count_error_retries": "For 10 of 40 people, the first write of each kind takes effect but its answer is lost. SDK"
    " and browser try again. The count minus the number of people.",
    "mails_lost": "10 of 40 people sign while SES refuses emails because of its rate (429). Those who get an error sign"
    " again afterwards.",
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
