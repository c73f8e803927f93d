"""Run measurements in a separate process, so that nothing is warm, patched or logged by another one."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from stack.console import Failure


def ask(module: str, *arguments: str) -> dict[str, Any]:
    """Run `python -m module` and return the figures that it prints. Raise Failure if it could not measure."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = done.stderr.strip().splitlines() or ["no reason given"]
        raise Failure(f"{module} could not measure: {reason[-1]}")
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def answer(measure: Callable[..., dict[str, Any]]) -> None:
    """Print the figures for `ask`, and discard the application's log."""
    result = sys.stdout
    with open(os.devnull, "w") as sys.stdout:  # noqa: PTH123
        json.dump(measure(*sys.argv[1:]), result)
    sys.stdout = result
