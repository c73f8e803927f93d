"""CPU until a new Lambda environment could sign, over importing its libraries alone. Both from the built zip.

Each start is a fresh process that sees the unpacked zip and the standard library, nothing of a virtual
environment; the zip brings its own bytecode, and none is written.
"""

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import scene

STARTS = 25
# Python's own start, the same on both sides, is told apart: inside the ratio it would flatter us.
#
# Each round imports from a different depth of calls. CPython 3.11 takes its stack in chunks of 16 KB and gives
# them back at once: an import that compiles a regular expression just where one ends takes and gives thousands,
# 40 ms of chance that moves with every module. Lambda's own depth is not ours to know, so no depth decides.
SCRIPT = """
import sys
sys.path.insert(0, {root!r})
from time import process_time
def at(depth):
    return at(depth - 1) if depth else exec({steps!r}, {{}})
begin = process_time()
at({depth})
print(begin, process_time() - begin)
"""
OURS = """
import app
from chalicelib.aws.clients import dynamodb
from chalicelib.core.settings import settings
settings()
dynamodb()
"""
# pydantic loads itself on first use: without that, importing it would mean nothing.
LIBRARIES = """
import chalice, boto3, pydantic
pydantic.BaseModel
boto3.client("dynamodb")
"""
STEPS = {"ours": OURS, "libraries": LIBRARIES}


def unpack(archive: Path, into: Path) -> Path:
    """As Lambda does."""
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(into)
    return into


def measure(root: Path, starts: int = STARTS) -> dict[str, Any]:
    """Alternating starts; neighbours are compared, so that a slow moment of the machine slows both."""
    for steps in STEPS.values():
        _start(root, steps, depth=0)
    rounds = [{name: _start(root, steps, depth) for name, steps in STEPS.items()} for depth in range(starts)]
    ratios = [started["ours"][1] / started["libraries"][1] for started in rounds]
    times = {name: _milliseconds([started[name][1] for started in rounds]) for name in STEPS}
    python = _milliseconds([started["ours"][0] for started in rounds])
    return {"cold_start_ratio": round(median(ratios), 3), "cold_start_ms": {**times, "python": python}}


def _milliseconds(seconds: list[float]) -> int:
    return round(median(seconds) * 1000)


def _start(root: Path, steps: str, depth: int) -> tuple[float, float]:
    """CPU seconds, user and system: of Python's start, and of the steps."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", SCRIPT.format(root=str(root), steps=steps, depth=depth)],
        env={**scene.AWS_SETTINGS, **scene.SETTINGS, "PATH": os.defpath},
        cwd=root,
        stdout=subprocess.PIPE,
        check=True,
    )
    begin, spent = map(float, done.stdout.split())
    return begin, spent
