"""`python -m benchmarks.million`: export a million rows on the emulator, kill the export at 40 %, and resume it.

The rows are written to the table, because signing them one at a time would take an hour. The export, its parts, its
file and its job are real. Memory must not grow with the number of rows.
"""

import os
import subprocess
import sys
import time
from typing import Any

import boto3

from benchmarks import exporting, results, scene
from benchmarks.worker import measure_in_process
from stack.console import Failure, run_main, say
from stack.emulator import client_environment, emulator

ROWS = 1_000_000
# The export is killed once this share of its rows is in recorded parts.
KILL_AT = 0.4
_MODULE = "benchmarks.exporting"
_CHUNK = 1 << 20


def main(rows: int) -> None:
    with emulator() as running:
        figures = measure(running.endpoint, rows)
    results.add({"export_resumed": figures})
    for name, figure in figures.items():
        say(f"{name:<28}{figure:>14,}")


def measure(endpoint: str, rows: int) -> dict[str, Any]:
    """Return the figures of the process that finished the export, and the number of people in the file.

    Raise Failure unless the file has each row exactly once.
    """
    exporting.lengthen_read_timeout()
    os.environ |= client_environment(endpoint) | scene.SETTINGS
    began = time.perf_counter()
    measure_in_process(_MODULE, "seed", endpoint, str(rows))
    seeded = time.perf_counter() - began
    job_id = measure_in_process(_MODULE, "begin", endpoint, str(rows))["job_id"]
    _kill_in_the_middle(endpoint, rows, job_id)
    done = measure_in_process(_MODULE, "work", endpoint, str(rows), job_id)
    lines, different_lines = _count_lines(done["file"])
    has_each_row_once = lines == different_lines == rows
    if not has_each_row_once:
        raise Failure(f"the file has {lines:,} rows of {different_lines:,} people, not {rows:,}")
    kept = {name: done[name] for name in (*exporting.FIGURES, "rows_of_an_earlier_process")}
    return {**kept, "people_in_the_file": different_lines, "seconds_to_write_the_table": round(seeded)}


def _kill_in_the_middle(endpoint: str, rows: int, job_id: str) -> None:
    """Start the export in a process of its own, and kill it as Lambda kills a function that runs out of memory."""
    from chalicelib.aws.table import tables
    from chalicelib.exports.model import Export
    from chalicelib.jobs.store import find

    process = subprocess.Popen(
        [sys.executable, "-m", _MODULE, "work", endpoint, str(rows), job_id], stdout=subprocess.DEVNULL
    )
    while process.poll() is None:
        export = find(Export, job_id, tables())
        if export and export.totals.rows >= rows * KILL_AT:
            process.kill()
            process.wait()
            return
        time.sleep(0.2)
    raise Failure("the export ended before it could be killed")


def _count_lines(key: str) -> tuple[int, int]:
    """Return the number of lines in the file without its heading, and the number of different lines."""
    body = boto3.client("s3").get_object(Bucket=scene.SETTINGS["EXPORTS_BUCKET"], Key=key)["Body"]
    lines = [hash(line) for line in body.iter_lines(_CHUNK)][1:]
    return len(lines), len(set(lines))


if __name__ == "__main__":
    number_of_rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    run_main(lambda: main(number_of_rows))
