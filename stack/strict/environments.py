"""Execution environments: the processes that run a function. They start quickly and, as on Lambda, survive exceptions.

This module replaces the environments of the emulator (ministack). The emulator starts Python anew for each process,
waits a while for the end of the process's log, and ends the process when the handler raises an exception.

Lambda keeps an environment after an exception: the runtime reports the exception, then asks for the next invocation
("Building a custom runtime for AWS Lambda"). Lambda resets an environment only when the function crashes or times out
(Lambda developer guide, "Understanding the Lambda execution environment lifecycle", failures during the invoke phase).
"""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from types import SimpleNamespace
from typing import Any, Self

from ministack.core import lambda_runtime

from stack.strict.forker import END_OF_LOG
from stack.strict.processes import Process, is_readable, start
from stack.strict.unpacking import unpack

# The log of each invocation ends with this line.
_END = f"{END_OF_LOG}\n".encode()


class _Unpacked:
    """Replaces `zipfile.ZipFile` in the emulator. The "zip file" at `path` holds the path of the unpacked folder."""

    def __init__(self, path: str) -> None:
        self._folder = Path(path).read_text(encoding="utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def extractall(self, path: str) -> None:
        """Replace the empty folder `path` with a link to the unpacked folder."""
        Path(path).rmdir()
        Path(path).symlink_to(self._folder)


class Environment(lambda_runtime.Worker):  # type: ignore[misc]
    """An execution environment. Its process is replaced only after a crash or a timeout."""

    _proc: Any

    def __init__(self, name: str, config: dict[str, Any], package: bytes) -> None:
        # Pass the path of an unpacked folder in place of the bytes of a zip file. The emulator writes these bytes to a
        # file, and opens the file for each process with `zipfile.ZipFile`, which `install` replaces by `_Unpacked`.
        super().__init__(name, config, os.fsencode(unpack(package)))

    def invoke(self, event: Any, request_id: str, **options: Any) -> dict[str, Any]:
        """Run the function for this event. Return the answer of its process, with the log of this invocation."""
        arn = options.get("invoked_function_arn") or self.config.get("FunctionArn", "")
        timeout = float(self.config.get("Timeout", 3))
        invocation = {"request_id": request_id, "invoked_function_arn": arn, "timeout": timeout}
        with self._lock:
            is_cold = self._proc is None or self._proc.poll() is not None
            if is_cold:
                self._spawn()
            # Keep a reference: the emulator sets `_proc` to None when the function is deleted or changed meanwhile.
            process = self._proc
            deadline = monotonic() + timeout
            log = ""
            try:
                _send(process, {"event": event, "ctx": invocation})
                log = process.read_log(_END, deadline)
                answer = _receive(process, deadline)
            except _NoAnswer:
                is_late = monotonic() > deadline
                error = f"Task timed out after {timeout:.2f} seconds" if is_late else "Worker process died"
                answer = {"status": "error", "error": error}
                if self._proc is process:
                    self._proc = None
                process.kill()
                process.wait(5)
            # Remove the line break that `forker.py` writes before _END, and the one that usually ends a log.
            log = log.removesuffix("\n").removesuffix("\n")
            return {**answer, "cold_start": is_cold, "log": log}

    def _read_stderr(self) -> None:
        """Do nothing: `invoke` reads the log itself. The emulator would read it in a thread."""


class _NoAnswer(Exception):
    """The function's process has ended or took too long."""


def _send(process: Process, invocation: Mapping[str, Any]) -> None:
    try:
        print(json.dumps(invocation), file=process.stdin, flush=True)
    except (OSError, ValueError):  # A closed file raises ValueError.
        raise _NoAnswer from None


def _receive(process: Process, deadline: float) -> dict[str, Any]:
    """Return the answer of the process. Raise _NoAnswer if the process has ended, or after the deadline."""
    try:
        seconds_left = max(0.0, deadline - monotonic())
        if not is_readable(process.stdout.fileno(), seconds_left):
            raise _NoAnswer
        answer: dict[str, Any] = json.loads(process.stdout.readline())
    except (OSError, ValueError):  # An answer that is not JSON raises ValueError too.
        raise _NoAnswer from None
    return answer


def install() -> None:
    """Replace the emulator's environments for Python. Do this on Linux only, which has pidfd_open."""
    if hasattr(os, "pidfd_open"):
        lambda_runtime.Worker = Environment
        lambda_runtime.zipfile = SimpleNamespace(ZipFile=_Unpacked)
        members = {**vars(subprocess), "Popen": start}
        lambda_runtime.subprocess = SimpleNamespace(**members)
