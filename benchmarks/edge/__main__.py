"""The last part of `make bench`: many viewers, with and without the CDN. It writes `edge` into results.json."""

import logging
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from benchmarks import machine, results
from benchmarks.edge.loopback import RATE, measure
from benchmarks.worker import measure_in_process
from stack.console import bold, dim, run_main, say

METHOD = {
    "minute": "In one process with a clock that jumps: the application with fakes, behind the local CDN, which has the"
    " template's settings. The numbers are exact, but say nothing about speed. Assumption: the origin takes 0.2 s.",
    "loopback": "The deployed stack on the emulator. CDN and crowd are processes of their own on the same cores. A"
    " request without an answer after 30 s gets the status 0, and its wait counts as 30 s. At most 1,000 requests at"
    " once.",
    "stale_s": "How many seconds the shown count was out of date: since the answer to the first confirmation that it"
    " lacks. It is exact only if all confirmations of the run were answered.",
    "first_view_bytes": "A page and what it loads, with an empty cache and Brotli, without headers.",
}


def main() -> None:
    parser = ArgumentParser(prog="python -m benchmarks.edge", description=__doc__)
    parser.add_argument("--rate", type=float, default=RATE, help="views a second, over loopback")
    parser.add_argument(
        "--length",
        type=float,
        default=1.0,
        help="how long the runs over loopback take: 1 is the usual time, 0.5 is half of it",
    )
    options = parser.parse_args()
    # When the run without a CDN ends, thousands of requests are still unanswered. Their errors are not logged.
    for name in ("aiohttp.server", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    say(dim("A minute with 100,000 views, in this process ..."))
    minute = measure_in_process("benchmarks.edge.minute")
    say(dim("The same crowd over loopback (three minutes) ..."))
    loopback = measure(options.rate, options.length)
    figures = {"minute": minute, "loopback": loopback, "machine": machine.describe(), "method": METHOD}
    stored = results.add({"edge": figures})
    for line in report(stored["edge"]):
        say(line)


def report(edge: dict[str, Any]) -> Iterator[str]:
    minute, loopback = edge["minute"], edge["loopback"]
    yield bold("viewers, with and without the CDN")
    yield f"  requests at the origin for each cached copy and second: {minute['origin_per_copy_and_second']}"
    yield f"  bytes: {minute['bytes']}, first view {minute['first_view_bytes']}"
    yield f"  age of the shown count: {minute['stale_s']}"
    yield f"  over loopback, {loopback['views_a_second']} views a second wanted:"
    for name in ("signing_alone", "with_cdn", "without_cdn"):
        run = loopback[name]
        answered = f"{run['answered_a_second']} answers a second for {run['seconds']} s"
        yield f"  {name}: signing {run['ms']['sign']} ms, {answered}: {run['statuses']}"
    with_cdn = loopback["with_cdn"]
    reached, age = with_cdn["origin_per_copy_and_second"], with_cdn["stale_s"]
    yield f"  with_cdn: at the origin for each copy and second {reached}, age of the shown count {age}"


if __name__ == "__main__":
    run_main(main)
