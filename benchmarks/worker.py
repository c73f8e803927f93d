"""Run each measurement in a process of its own, so that no other measurement has warmed or patched anything."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from stack.console import Failure


def measure_in_process(module: str, *arguments: str) -> dict[str, Any]:
    """Run `python -m module` and return the figures that it prints. Raise Failure if the process fails."""
    command = [sys.executable, "-m", module, *arguments]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    if process.returncode:
        _, _, reason = process.stderr.strip().rpartition("\n")
        raise Failure(f"{module} could not measure: {reason}")
    figures: dict[str, Any] = json.loads(process.stdout)
    return figures


def print_figures(measure: Callable[..., dict[str, Any]]) -> None:
    """Print the figures of `measure` for `measure_in_process`. Discard the log lines that the application prints."""
    output = sys.stdout
    with Path(os.devnull).open("w", encoding="utf-8") as devnull, redirect_stdout(devnull):
        figures = measure(*sys.argv[1:])
    json.dump(figures, output)
