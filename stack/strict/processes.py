"""Start the processes of Lambda functions: ask `forker.py`, a process that has already imported the libraries, to fork.

The emulator starts these processes with `subprocess.Popen`. `start` replaces `subprocess.Popen`.
"""

import fcntl
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import TextIO

# Larger than usual: nobody reads the log before the first invocation and between invocations.
PIPE_BYTES = 1 << 18
_PROGRAM = Path(__file__).with_name("forker.py")


class Process:
    """A forked process. It has those methods and attributes of `subprocess.Popen` that the emulator uses."""

    def __init__(self, pid: int, stdin: TextIO, stdout: TextIO, stderr: TextIO) -> None:
        self.pid, self.stdin, self.stdout, self.stderr = pid, stdin, stdout, stderr
        self._unread_log = b""
        try:
            self._descriptor: int | None = os.pidfd_open(pid)
        except ProcessLookupError:  # The process has ended already.
            self._descriptor = None

    def poll(self) -> int | None:
        """Return None while the process runs, then 0: its exit code is not known."""
        return 0 if self._has_ended(0) else None

    def wait(self, timeout: float) -> None:
        """Wait until the process ends, then close its input and output. Raise TimeoutExpired if it keeps running.

        Do not close the log: another thread may be reading it.
        """
        if not self._has_ended(timeout):
            raise subprocess.TimeoutExpired(str(self.pid), timeout)
        for file in (self.stdin, self.stdout):
            with suppress(OSError):  # Closing writes what is still buffered, which nobody reads.
                file.close()

    def read_log(self, end: bytes, deadline: float) -> str:
        """Return what the process writes to standard error until `end` or until the deadline, a time of `monotonic`."""
        while end not in self._unread_log:
            seconds_left = deadline - monotonic()
            if seconds_left <= 0 or not is_readable(self.stderr.fileno(), seconds_left):
                break
            part = os.read(self.stderr.fileno(), PIPE_BYTES)
            if not part:  # The process has ended.
                break
            self._unread_log += part
        log, _, self._unread_log = self._unread_log.partition(end)
        return log.decode(errors="replace")

    def terminate(self) -> None:
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        if self._descriptor is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, number)

    def _has_ended(self, timeout: float) -> bool:
        """Return whether the process ends within `timeout` seconds. Its pidfd then becomes readable."""
        return self._descriptor is None or is_readable(self._descriptor, timeout)

    def __del__(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)


class Forker:
    """Runs `forker.py`, and asks it for the processes of the functions in one package, the folder `code`."""

    def __init__(self, code: str) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._lock = threading.Lock()
        with theirs:
            # -P: Python must not import http.py, beside forker.py, in place of the standard library's `http`.
            arguments = [sys.executable, "-P", str(_PROGRAM), code, str(theirs.fileno())]
            self._process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, pass_fds=(theirs.fileno(),))

    def close(self) -> None:
        """End the forking process. The processes that it has forked keep running."""
        self._socket.close()
        self._process.kill()  # While it imports the libraries, it would not notice that the socket is closed.
        self._process.wait()

    def fork(self, folder: str, environment: Mapping[str, str]) -> Process:
        """Return a new process. Raise RuntimeError if the forking process has ended."""
        message = json.dumps({"folder": folder, "environment": dict(environment)}).encode()
        # Each pipe has an end to read, then an end to write. The new process gets `input_`, `output` and `errors`.
        pipes = [os.pipe() for _ in range(3)]
        (input_, stdin), (stdout, output), (stderr, errors) = pipes
        with suppress(PermissionError):  # Users without privileges have a limit for all their pipes.
            fcntl.fcntl(errors, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        try:
            with self._lock:
                socket.send_fds(self._socket, [message], [input_, output, errors])
                pid = int(self._socket.recv(32))
        except (OSError, ValueError):
            for descriptor in (stdin, stdout, stderr):
                os.close(descriptor)
            raise RuntimeError("the process that forks functions has ended") from None
        finally:
            for descriptor in (input_, output, errors):
                os.close(descriptor)
        return Process(pid, os.fdopen(stdin, "w"), os.fdopen(stdout), os.fdopen(stderr))


# By the path of the package's folder.
_forkers: dict[str, Forker] = {}
_forkers_lock = threading.Lock()


def start(_: object, *, cwd: str, env: Mapping[str, str], **__: object) -> Process:
    """Start the process of a function in the folder `cwd`. Ignore the emulator's command and its other options."""
    code = os.path.realpath(cwd)  # `cwd` is a link to the unpacked package, which functions share.
    with _forkers_lock:
        forker = _forkers.get(code)
        if forker is None:
            forker = _forkers[code] = Forker(code)
    try:
        return forker.fork(cwd, env)
    except RuntimeError:
        with _forkers_lock:
            if _forkers.get(code) is forker:
                del _forkers[code]  # The next call of `start` makes another Forker.
                forker.close()
        raise


def is_readable(descriptor: int, timeout: float) -> bool:
    """Wait at most `timeout` seconds. Return whether the descriptor has something to read or has come to its end."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(timeout * 1000))
