"""The first part of `make bench`: measure, print the figures, and write results.json.

A missed goal is printed, but does not change the exit code.
"""

from statistics import median
from typing import Any

from benchmarks import cold_start, machine, results
from benchmarks.report import report
from benchmarks.worker import measure_in_process
from stack.console import dim, run_main, say
from stack.local.emulator import empty_emulator
from stack.package import package, target_of
from stack.paths import LOCAL_STAGE

# `sign_cpu_ratio` differs by some per cent between processes because of their memory layout, so take the median of
# several processes.
SIGN_RUNS = 5


def main() -> None:
    say(dim("Running signatures through all handlers on the embedded AWS ..."))
    with empty_emulator() as running:
        way = measure_in_process("benchmarks.way", running.endpoint)
    say(dim("Probing new and known addresses (a minute) ..."))
    with empty_emulator() as running:
        probing = measure_in_process("benchmarks.probing", running.endpoint)
    views = measure_in_process("benchmarks.first_view")
    figures = {**way, **probing, **views, **_measure_sign_cpu(), **_measure_package()}
    for line in report(results.add({"machine": machine.describe(), **figures})):
        say(line)


def _measure_sign_cpu() -> dict[str, Any]:
    say(dim("Measuring the sign handler's CPU ..."))
    runs = [measure_in_process("benchmarks.sign_cpu") for _ in range(SIGN_RUNS)]
    ratios = [run["sign_cpu_ratio"] for run in runs]
    times = {name: round(median(run["sign_cpu_us"][name] for run in runs)) for name in runs[0]["sign_cpu_us"]}
    return {"sign_cpu_ratio": round(median(ratios), 3), "sign_cpu_us": times}


def _measure_package() -> dict[str, Any]:
    say(dim("Building the zip and measuring cold starts ..."))
    # The zip must run here. The package for AWS has wheels for Lambda.
    archive = package("bench", target=target_of(LOCAL_STAGE)).archive
    return {**cold_start.measure(archive), "zip_bytes": archive.stat().st_size}


if __name__ == "__main__":
    run_main(main)
