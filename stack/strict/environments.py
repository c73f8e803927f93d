"""Execution environments of functions: quick to start, and kept after an exception, as on Lambda.

ministack starts Python anew for each process, polls for the end of its log, and ends the process when its handler
raises. Lambda resets an execution environment when the function crashes or times out (Lambda developer guide,
"Understanding the Lambda execution environment lifecycle", failures during the invoke phase). An exception is answered
by the runtime, which then asks for the next invocation ("Building a custom runtime for AWS Lambda").
"""

import json
import os
import queue
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self, TextIO

from ministack.core import lambda_runtime

from stack.strict.forker import END_OF_LOG
from stack.strict.unpacking import unpack

_FORKER = Path(__file__).with_name("forker.py")
# Seconds. After a crash the rest of a log comes at once.
_LOG_SECONDS = 0.25


class Process:
    """A forked process, with what the emulator uses of `subprocess.Popen`."""

    def __init__(self, pid: int, stdin: TextIO, stdout: TextIO, stderr: TextIO) -> None:
        self.pid, self.stdin, self.stdout, self.stderr = pid, stdin, stdout, stderr
        try:
            self._descriptor: int | None = os.pidfd_open(pid)
        except ProcessLookupError:  # The process has ended already.
            self._descriptor = None

    def poll(self) -> int | None:
        """Return None while the process runs."""
        return 0 if self._has_ended(0) else None

    def wait(self, timeout: float) -> None:
        if not self._has_ended(timeout):
            raise subprocess.TimeoutExpired(str(self.pid), timeout)
        for file in (self.stdin, self.stdout):
            file.close()

    def terminate(self) -> None:
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        if self._descriptor is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, number)

    def _has_ended(self, timeout: float) -> bool:
        return self._descriptor is None or _is_readable(self._descriptor, timeout)

    def __del__(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)


class Forker:
    """The process that forks the functions of one package."""

    def __init__(self, code: str) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._lock = threading.Lock()
        with theirs:
            arguments = [sys.executable, "-P", str(_FORKER), code, str(theirs.fileno())]
            subprocess.Popen(arguments, stdin=subprocess.DEVNULL, pass_fds=(theirs.fileno(),))

    def fork(self, folder: str, environment: Mapping[str, str]) -> Process:
        message = json.dumps({"folder": folder, "environment": dict(environment)}).encode()
        pipes = [os.pipe() for _ in range(3)]
        (input_, stdin), (stdout, output), (stderr, errors) = pipes
        with self._lock:
            socket.send_fds(self._socket, [message], [input_, output, errors])
            pid = int(self._socket.recv(32))
        for descriptor in (input_, output, errors):
            os.close(descriptor)
        return Process(pid, os.fdopen(stdin, "w"), os.fdopen(stdout), os.fdopen(stderr))


_forker = cache(Forker)


def _start(_: object, *, cwd: str, env: Mapping[str, str], **__: object) -> Process:
    """Take the place of `subprocess.Popen`."""
    return _forker(os.path.realpath(cwd)).fork(cwd, env)


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
            answer = self._answer({"event": event, "ctx": invocation}, timeout)
            return {**answer, "cold_start": is_cold, "log": "\n".join(self._log())}

    def _answer(self, invocation: Mapping[str, Any], timeout: float) -> dict[str, Any]:
        try:
            print(json.dumps(invocation), file=self._proc.stdin, flush=True)
            if not _is_readable(self._proc.stdout.fileno(), timeout):
                return self._stop_process(f"Task timed out after {timeout:.2f} seconds")
            line = self._proc.stdout.readline()
        except OSError:
            line = ""
        if not line:
            return self._stop_process("Worker process died")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _stop_process(self, error: str) -> dict[str, Any]:
        """End the process and return the error as an answer."""
        process, self._proc = self._proc, None
        process.kill()
        process.wait(5)
        return {"status": "error", "error": error}

    def _read_stderr(self) -> None:
        log, lines = self._stderr_queue, self._proc.stderr
        for line in lines:
            log.put(line.rstrip("\n"))
        log.put(END_OF_LOG)
        lines.close()

    def _log(self) -> list[str]:
        """Return the lines of the log until its end."""
        lines: list[str] = []
        while True:
            try:
                line = self._stderr_queue.get(timeout=_LOG_SECONDS)
            except queue.Empty:
                return lines
            if line == END_OF_LOG:
                return lines
            lines.append(line)


def _is_readable(descriptor: int, timeout: float) -> bool:
    """Return whether there is something to read, or an end, within `timeout` seconds."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(timeout * 1000))


def install() -> None:
    """Replace the emulator's processes for Python. Only Linux has the descriptors of processes."""
    lambda_runtime.Worker = Environment
    lambda_runtime.zipfile = SimpleNamespace(ZipFile=_Unpacked)
    if hasattr(os, "pidfd_open"):
        lambda_runtime.subprocess = SimpleNamespace(**{**vars(subprocess), "Popen": _start})
