"""Measure the CPU time of a new process until it can sign, divided by that of a process that only loads the libraries.

Both kinds of process import from the unpacked zip of the package and from the standard library. They cannot import from
a virtual environment. The zip contains bytecode, and the processes write none.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

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


def measure(archive: Path) -> dict[str, Any]:
    """Alternate both kinds of start and compare neighbours, so that a slow moment of the machine slows both."""
    with tempfile.TemporaryDirectory(prefix="petitions-bench-") as folder:
        shutil.unpack_archive(archive, folder, "zip")
        # The first round is not counted: it alone reads the files from the disk.
        _, *rounds = [
            {name: _measure_start(folder, steps, depth) for name, steps in STEPS.items()} for depth in range(STARTS + 1)
        ]
    seconds = {name: [each[name][1] for each in rounds] for name in STEPS}
    seconds["python"] = [each["ours"][0] for each in rounds]
    ratios = [ours / bare for ours, bare in zip(seconds["ours"], seconds["libraries"], strict=True)]
    milliseconds = {name: round(median(values) * 1000) for name, values in seconds.items()}
    return {"cold_start_ratio": round(median(ratios), 3), "cold_start_ms": milliseconds}


def _measure_start(root: str, steps: str, depth: int) -> list[float]:
    """Run the code `steps` in a new process, inside `depth` nested calls (SCRIPT says why).

    Return the CPU seconds (user and system) of Python's own start, and of the steps.
    """
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", SCRIPT.format(root=root, steps=steps, depth=depth)],
        env={**scene.AWS_SETTINGS, **scene.SETTINGS, "SERVED_FUNCTION": "APIHandler", "PATH": os.defpath},
        cwd=root,
        stdout=subprocess.PIPE,
        check=True,
    )
    return [*map(float, done.stdout.split())]
