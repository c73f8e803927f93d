"""`make bench`: measure, print, and write results.json. Exit code 0 even if a goal is missed."""

import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import cold_start, exporting, importing, machine, results, senders, updating
from benchmarks.report import report
from benchmarks.worker import measure_in_process
from stack.console import dim, run_main, say
from stack.contents import breakdown
from stack.emulator import emulator
from stack.package import package
from stack.target import local_target

STAGE = "bench"
# The ratio differs by some per cent between processes because of their memory layout, so take the median.
SIGN_RUNS = 5
EXPORT_ROWS = {"at_10000": 10_000, "at_100000": 100_000}
IMPORT_ROWS = {**EXPORT_ROWS, "at_1000000": 1_000_000}
SUBSCRIBERS = 100_000
METHOD = {
    "capacity": "Write units are those DynamoDB reports (ReturnConsumedCapacity, on the emulator); units of failed"
    " conditions and all read units are computed from item sizes by AWS's rules.",
    "count.at_100000": "10 signatures are signed and confirmed; the rest is added to the tally shards in larger steps"
    " through the store's own change, 12 countries, 6 sources and 24 hours wide.",
    "widest_tally": "As before, plus every country and 20 sources on each shard on one day.",
    "staff_counts": "As for the count; 12 countries, 6 sources. `unchanged` is the answer to an ETag that still holds."
    " The authorizer's own read of the token (one, consistent) comes on top.",
    "constituencies": "650 of them in each of 64 buckets, filled in one step a counter; `project_one` is one"
    " confirmation that comes alone, in the largest counter.",
    "sign_cpu_ratio": "Median over processes of medians of neighbouring blocks; CPU time; the socket is a stub, all"
    " above it is real; no TLS, and no wait for a step (signatures.steps). Both clients have chalicelib's settings;"
    " *_default_config: a plain boto3 client.",
    "probing": "`auc`: the share of pairs of a known and a new address in which the known one takes longer; wall time,"
    " on the emulator, whose calls take longer than those of AWS.",
    "sender_300": "Computed by a clock, not by waiting: the real engine and pace over tables in memory, 75 senders,"
    " random durations of calls around the model's (10 ms a call, 100 ms for SES). `most_in_a_second`: in any second.",
    "export_resumed": "`python -m benchmarks.million`. The rows were written to the table, not signed. An export was"
    " killed at 40 %; the figures are of the process that finished it.",
    "cold_start_ratio": "Median of neighbouring starts; CPU time of a fresh process after Python itself has started.",
    "zip_contents": "Compressed bytes.",
    "import": "The real code on a fake table in the same process, which forgets after each step; one row at a time; CPU"
    " of this process. On AWS a row also waits for five calls, and eight run at once. `taken`: rows taken of `rows`.",
    "update": "The real code on fakes in one process, with a virtual clock that only sleeps move; the job is killed"
    " twice. `of_the_given_rate`: emails a second of both senders, divided by a fifth of 14 a second. `transient_mb`:"
    " the most memory that one invocation takes and frees.",
    "export": "CSV of the usual columns, on the emulator, whose time is in rows_a_second; cpu_us_a_row and peak_mb are"
    " of the exporting process alone.",
}


def main() -> None:
    figures = {
        "machine": machine.describe(),
        **_measure_calls(),
        **_measure_constituencies(),
        **_measure_sign_cpu(),
        **_measure_probing(),
        **_measure_package(),
        **_measure_exports(),
        f"sender_{senders.RATE}": senders.simulate(senders.RATE, senders.SECONDS, senders.cpu_seconds()),
        **_measure_campaign(),
        "method": METHOD,
    }
    for line in report(results.add(figures)):
        say(line)


def _measure_calls() -> dict[str, Any]:
    say(dim("Counting calls on the embedded AWS ..."))
    with emulator() as running:
        calls = measure_in_process("benchmarks.calls", running.endpoint)
    with emulator() as running:
        return {**calls, **measure_in_process("benchmarks.staff_counts", running.endpoint)}


def _measure_constituencies() -> dict[str, Any]:
    with emulator() as running:
        return measure_in_process("benchmarks.constituencies", running.endpoint)


def _measure_sign_cpu() -> dict[str, Any]:
    say(dim("Measuring the sign handler's CPU ..."))
    runs = [measure_in_process("benchmarks.sign_cpu") for _ in range(SIGN_RUNS)]
    ratios = ("sign_cpu_ratio", "sign_cpu_ratio_default_config")
    medians = {name: round(median(run[name] for run in runs), 3) for name in ratios}
    times = {name: round(median(run["sign_cpu_us"][name] for run in runs)) for name in runs[0]["sign_cpu_us"]}
    return {**medians, "sign_cpu_ratio_runs": sorted(run["sign_cpu_ratio"] for run in runs), "sign_cpu_us": times}


def _measure_probing() -> dict[str, Any]:
    say(dim("Probing new and known addresses (a minute) ..."))
    return measure_in_process("benchmarks.probing")


def _measure_campaign() -> dict[str, Any]:
    say(dim("Importing a million rows, and sending an update to 100,000 (a quarter of an hour) ..."))
    imports = {name: importing.measure_import(rows) for name, rows in IMPORT_ROWS.items()}
    return {"import": imports, "update": updating.measure_update(SUBSCRIBERS)}


def _measure_exports() -> dict[str, Any]:
    say(dim("Exporting 110,000 signatures (two minutes) ..."))
    with emulator() as running:
        runs = {name: exporting.measure_export(running.endpoint, number) for name, number in EXPORT_ROWS.items()}
    return {"export": {name: {key: run[key] for key in exporting.FIGURES} for name, run in runs.items()}}


def _measure_package() -> dict[str, Any]:
    say(dim("Building the zip and measuring cold starts ..."))
    # The package is for this Python: the package for AWS has other wheels.
    archive = package(STAGE, target=local_target()).archive
    with tempfile.TemporaryDirectory(prefix="petitions-bench-") as folder:
        started = cold_start.measure(cold_start.unpack(archive, Path(folder)))
    return {**started, "zip_bytes": archive.stat().st_size, "zip_contents": breakdown(archive)}


if __name__ == "__main__":
    run_main(main)
