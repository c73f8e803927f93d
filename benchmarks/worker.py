"""Measurements that run in a process of their own: nothing is warm, patched or logged to but by themselves."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from stack.console import Failure


def ask(module: str, *arguments: str) -> dict[str, Any]:
    """Run `python -m module` and read the figures it answers with. Raise Failure when it could not measure."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = done.stderr.strip().splitlines() or ["no reason given"]
        raise Failure(f"{module} could not measure: {reason[-1]}")
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def answer(measure: Callable[..., dict[str, Any]]) -> None:
    """The other end. What the application logs goes where nobody reads, but it is written all the same."""
    result = sys.stdout
    with open(os.devnull, "w") as sys.stdout:  # noqa: PTH123
        json.dump(measure(*sys.argv[1:]), result)
    sys.stdout = result
