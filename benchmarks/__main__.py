"""The first part of `make bench`: measure, print the figures, and write results.json.

A missed goal is printed, but does not change the exit code.
"""

import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import cold_start, exporting, importing, machine, results, senders, updating
from benchmarks.report import report
from benchmarks.worker import measure_in_process
from stack.console import dim, run_main, say
from stack.emulator import emulator
from stack.package import breakdown, package, target_of
from stack.paths import LOCAL_STAGE

STAGE = "bench"
# `sign_cpu_ratio` differs by some per cent between processes because of their memory layout, so take the median of
# several processes.
SIGN_RUNS = 5
EXPORT_ROWS = {"at_10000": 10_000, "at_100000": 100_000}
IMPORT_ROWS = {**EXPORT_ROWS, "at_1000000": 1_000_000}
SUBSCRIBERS = 100_000
METHOD = {
    "capacity": "Write units are those that DynamoDB reports (ReturnConsumedCapacity, on the emulator). Write units of"
    " failed conditions, and all read units, are computed from the sizes of items by AWS's rules.",
    "count.at_100000": "10 signatures are signed and confirmed. The others are added to the shards of today's tally in"
    " larger steps, by the application's own change. They have 12 countries, 6 sources and all 24 hours.",
    "widest_tally": "As count.at_100000, but each shard of today has all countries, and 100 sources.",
    "staff_counts": "The tally is filled in larger steps, with 12 countries and 6 sources. `unchanged`: the answer to a"
    " request with the current ETag. The authorizer also reads the token (one consistent read): this is not included.",
    "constituencies": "Each of 64 buckets has at least one confirmation for each of 650 constituencies: `at_1000` has"
    " 41,600 in all. They are written in one step for each counter item. `project_one`: one confirmation, alone in its"
    " batch, changes the largest counter item.",
    "sign_cpu_ratio": "CPU time. Each process compares blocks of calls that ran one after the other, and returns the"
    " median ratio. This is the median over processes. Only the socket is a stub. There is no TLS, and no wait for a"
    " step (signatures.steps). put_item has boto3's default client;"
    " *_our_client: a client with chalicelib's settings for signing, for which each call takes less CPU time.",
    "probing": "`auc`: the share of pairs of a known and a new address in which the known one takes longer. Wall time,"
    " on the emulator, whose calls take longer than those of AWS.",
    "sender_300": "On a simulated clock: the real engine and rate limiter with tables in memory, 75 senders, and random"
    " durations of calls with the model's means (10 ms a call, 100 ms for SES). `most_in_a_second`: the most emails in"
    " any second.",
    "export_resumed": "`python -m benchmarks.million`. The rows were written to the table, not signed. The export was"
    " killed at 40 %. The figures are those of the process that finished it.",
    "cold_start_ratio": "CPU time of a new process, after Python itself has started: the median ratio of starts that"
    " ran one after the other.",
    "zip_contents": "Compressed bytes.",
    "import": "The real code with a fake table in the same process, whose signatures are deleted before each step. One"
    " row at a time; CPU of this process. On AWS a row also waits for up to five calls, and eight rows run at once."
    " `taken`: how many of the `rows` were taken.",
    "update": "The real code with fakes in one process. Only sleeps move its simulated clock. The job is killed twice."
    " `of_the_given_rate`: emails a second of both senders, divided by their share of the rate, a fifth of 14 a second."
    " `transient_mb`: the most memory that one invocation takes and frees.",
    "export": "CSV with the usual columns, on the emulator. rows_a_second includes the emulator's time; cpu_us_a_row"
    " and peak_mb are those of the exporting process alone.",
}


def main() -> None:
    figures = {
        "machine": machine.describe(),
        **_measure_calls(),
        **_measure_constituencies(),
        **_measure_sign_cpu(),
        **_measure_probing(),
        **measure_in_process("benchmarks.first_view"),
        **_measure_package(),
        **_measure_exports(),
        f"sender_{senders.RATE}": senders.simulate(senders.RATE, senders.SECONDS, senders.cpu_seconds()),
        **_measure_imports_and_update(),
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
    ratios = [run["sign_cpu_ratio"] for run in runs]
    ratios_our_client = [run["sign_cpu_ratio_our_client"] for run in runs]
    times = {}
    for name in runs[0]["sign_cpu_us"]:
        times_of_runs = [run["sign_cpu_us"][name] for run in runs]
        times[name] = round(median(times_of_runs))
    return {
        "sign_cpu_ratio": round(median(ratios), 3),
        "sign_cpu_ratio_our_client": round(median(ratios_our_client), 3),
        "sign_cpu_ratio_runs": sorted(ratios),
        "sign_cpu_us": times,
    }


def _measure_probing() -> dict[str, Any]:
    say(dim("Probing new and known addresses (a minute) ..."))
    return measure_in_process("benchmarks.probing")


def _measure_imports_and_update() -> dict[str, Any]:
    say(dim("Importing a million rows, and sending an update to 100,000 (a quarter of an hour) ..."))
    imports = {name: importing.measure_import(rows) for name, rows in IMPORT_ROWS.items()}
    return {"import": imports, "update": updating.measure_update(SUBSCRIBERS)}


def _measure_exports() -> dict[str, Any]:
    say(dim("Exporting 110,000 signatures (two minutes) ..."))
    figures = {}
    with emulator() as running:
        for name, number in EXPORT_ROWS.items():
            run = exporting.measure_export(running.endpoint, number)
            figures[name] = {key: run[key] for key in exporting.FIGURES}
    return {"export": figures}


def _measure_package() -> dict[str, Any]:
    say(dim("Building the zip and measuring cold starts ..."))
    # The zip must run here. The package for AWS has wheels for Lambda.
    archive = package(STAGE, target=target_of(LOCAL_STAGE)).archive
    with tempfile.TemporaryDirectory(prefix="petitions-bench-") as folder:
        root = cold_start.unpack(archive, Path(folder))
        cold_starts = cold_start.measure(root)
    return {**cold_starts, "zip_bytes": archive.stat().st_size, "zip_contents": breakdown(archive)}


if __name__ == "__main__":
    run_main(main)
