"""Execution environments of functions: quick to start, and kept after an exception, as on Lambda.

ministack starts Python anew for each process, polls for the end of its log, and ends the process when its handler
raises. Lambda resets an execution environment when the function crashes or times out (Lambda developer guide,
"Understanding the Lambda execution environment lifecycle", failures during the invoke phase). An exception is answered
by the runtime, which then asks for the next invocation ("Building a custom runtime for AWS Lambda").
"""

import json
import os
import queue
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

from ministack.core import lambda_runtime

from stack.strict.forker import END_OF_LOG
from stack.strict.processes import Process, is_readable, start
from stack.strict.unpacking import unpack

# Seconds. The end of a log comes at once, or when this process gets the processor.
_LOG_SECONDS = 10.0


class _Unpacked:
    """Takes the place of the zip file that the emulator writes for each process. Its content is a folder's path."""

    def __init__(self, path: str) -> None:
        self._folder = Path(path).read_text(encoding="utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def extractall(self, path: str) -> None:
        """Put a link to the folder in place of the empty folder `path`."""
        Path(path).rmdir()
        Path(path).symlink_to(self._folder)


class Environment(lambda_runtime.Worker):  # type: ignore[misc]
    """An execution environment. Only the process of an invocation that crashes or times out is replaced."""

    _proc: Any

    def __init__(self, name: str, config: dict[str, Any], package: bytes) -> None:
        super().__init__(name, config, bytes(unpack(package)))

    def invoke(self, event: Any, request_id: str, **options: Any) -> dict[str, Any]:
        """Return the answer of the function's process, with its log."""
        arn = options.get("invoked_function_arn") or self.config.get("FunctionArn", "")
        timeout = float(self.config.get("Timeout", 3))
        invocation = {"request_id": request_id, "invoked_function_arn": arn, "timeout": timeout}
        with self._lock:
            is_cold = self._proc is None or self._proc.poll() is not None
            if is_cold:
                self._spawn()
            # The emulator takes `_proc` away when the function is deleted or changed meanwhile.
            process, log = self._proc, self._stderr_queue
            try:
                answer = _ask(process, {"event": event, "ctx": invocation}, timeout)
            except _NoAnswer as failure:
                answer = {"status": "error", "error": str(failure)}
                self._proc = None if self._proc is process else self._proc
                process.kill()
                process.wait(5)
            return {**answer, "cold_start": is_cold, "log": "\n".join(_log_lines(log))}

    def _read_stderr(self) -> None:
        log, lines = self._stderr_queue, self._proc.stderr
        for line in lines:
            log.put(line.rstrip("\n"))
        log.put(END_OF_LOG)
        lines.close()


class _NoAnswer(Exception):
    """The process died or took too long."""


def _ask(process: Process, invocation: Mapping[str, Any], timeout: float) -> dict[str, Any]:
    """Return the process's answer. Raise _NoAnswer without one."""
    try:
        print(json.dumps(invocation), file=process.stdin, flush=True)
        if not is_readable(process.stdout.fileno(), timeout):
            raise _NoAnswer(f"Task timed out after {timeout:.2f} seconds")
        answer: dict[str, Any] = json.loads(process.stdout.readline())
    except (OSError, ValueError):  # Also of a file that was closed, and of what is not JSON.
        raise _NoAnswer("Worker process died") from None
    return answer


def _log_lines(log: "queue.Queue[str]") -> list[str]:
    """Return the lines of the log until its end, which follows every answer and every end of a process."""
    lines: list[str] = []
    while True:
        try:
            line = log.get(timeout=_LOG_SECONDS)
        except queue.Empty:
            return lines
        if line == END_OF_LOG:
            return lines[:-1] if lines and not lines[-1] else lines
        lines.append(line)


def install() -> None:
    """Replace the emulator's processes for Python. Only Linux has the descriptors of processes."""
    if hasattr(os, "pidfd_open"):
        lambda_runtime.Worker = Environment
        lambda_runtime.zipfile = SimpleNamespace(ZipFile=_Unpacked)
        lambda_runtime.subprocess = SimpleNamespace(**{**vars(subprocess), "Popen": start})
