"""Measure the CPU time of a new process until it can sign, divided by that of a process that only loads the libraries.

Both kinds of process import from the unpacked zip of the package and from the standard library. They cannot import from
a virtual environment. The zip contains bytecode, and the processes write none.
"""

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from benchmarks import scene

STARTS = 25
# Python's own start takes the same time on both sides. It is not in the ratio, because it would make the ratio better.
#
# Each round imports at a different call depth. CPython 3.11 allocates its stack in chunks of 16 KB and frees them at
# once. An import that compiles a regular expression at the end of a chunk allocates and frees thousands of chunks:
# 40 ms that depend on chance. Lambda's call depth is unknown, so the result must not depend on one depth.
SCRIPT = """
import sys
sys.path.insert(0, {root!r})
from time import process_time
def run_at(depth):
    return run_at(depth - 1) if depth else exec({steps!r}, {{}})
begin = process_time()
run_at({depth})
print(begin, process_time() - begin)
"""
OURS = """
import app
from chalicelib.aws.clients import dynamodb
from chalicelib.core.settings import settings
settings()
dynamodb()
"""
# pydantic loads its parts on first use, so a bare import would measure nothing.
LIBRARIES = """
import chalice, boto3, pydantic
pydantic.BaseModel
boto3.client("dynamodb")
"""
STEPS = {"ours": OURS, "libraries": LIBRARIES}


def unpack(archive: Path, into: Path) -> Path:
    """Unpack the zip, as Lambda does."""
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(into)
    return into


def measure(root: Path, starts: int = STARTS) -> dict[str, Any]:
    """Alternate both kinds of start and compare neighbours, so that a slow moment of the machine slows both."""
    for steps in STEPS.values():
        _measure_start(root, steps, depth=0)  # Not counted: only the first start reads the files from the disk.
    # Each round imports at another call depth, because some depths are slower by chance (see above SCRIPT).
    rounds = [_measure_round(root, depth) for depth in range(starts)]
    ours = [pair["ours"].steps_seconds for pair in rounds]
    libraries = [pair["libraries"].steps_seconds for pair in rounds]
    python = [pair["ours"].python_seconds for pair in rounds]
    ratios = [our_seconds / bare_seconds for our_seconds, bare_seconds in zip(ours, libraries, strict=True)]
    times = {"ours": _milliseconds(ours), "libraries": _milliseconds(libraries), "python": _milliseconds(python)}
    return {"cold_start_ratio": round(median(ratios), 3), "cold_start_ms": times}


def _milliseconds(seconds: list[float]) -> int:
    return round(median(seconds) * 1000)


class _Start(NamedTuple):
    """The CPU seconds (user and system) of Python's own start, and of the steps."""

    python_seconds: float
    steps_seconds: float


def _measure_round(root: Path, depth: int) -> dict[str, _Start]:
    """Measure one start of each kind."""
    return {name: _measure_start(root, steps, depth) for name, steps in STEPS.items()}


def _measure_start(root: Path, steps: str, depth: int) -> _Start:
    """Run the code `steps` in a new process, inside `depth` nested calls (SCRIPT says why)."""
    script = SCRIPT.format(root=str(root), steps=steps, depth=depth)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", script],
        env={**scene.AWS_SETTINGS, **scene.SETTINGS, "SERVED_FUNCTION": "APIHandler", "PATH": os.defpath},
        cwd=root,
        stdout=subprocess.PIPE,
        check=True,
    )
    python_seconds, steps_seconds = done.stdout.split()
    return _Start(float(python_seconds), float(steps_seconds))
