"""The emulator of AWS (ministack): a child process on loopback, started as its documentation says."""

import ctypes
import fcntl
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from stack.console import Failure
from stack.paths import REGION, emulator_python

LOOPBACK = "127.0.0.1"
_READY_SECONDS = 30.0
_STOP_SECONDS = 15.0  # How long the emulator may take to save its data.
_SET_SIGNAL_OF_PARENTS_DEATH = 1  # PR_SET_PDEATHSIG of prctl(2)
# Linux and macOS give higher ports to connections, at any time: also between our test of a port and the caller's bind.
_PORTS = range(10_000, 32_768)


@dataclass(frozen=True)
class EmulatorProcess:
    process: subprocess.Popen[bytes]
    endpoint: str
    log: Path

    def check(self) -> None:
        """Raise Failure if the process has ended. Perhaps something else then answers on its port."""
        if self.process.poll() is not None:
            lines = self.log.read_text(errors="replace").strip().splitlines()
            reason = lines[-1] if lines else "its log is empty"
            raise Failure(f"the emulator stopped ({reason}); its log is {self.log}")

    def wait_ready(self) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            self.check()
            with suppress(OSError), urllib.request.urlopen(f"{self.endpoint}/_ministack/ready", timeout=2):
                self.check()
                return
            time.sleep(0.02)
        raise Failure(f"the emulator was not ready after {_READY_SECONDS:.0f} s; its log is {self.log}")


@contextmanager
def emulator(port: int, log: Path, state: Path | None = None, lock: IO[str] | None = None) -> Iterator[EmulatorProcess]:
    """Start an emulator, which is not ready yet. Stop it after the block.

    `state`: where it keeps its data, if at all. `lock`: a file that stays locked until the emulator has ended. It has a
    session of its own, so that Ctrl-C does not reach it: the functions that run then still need it. If this process is
    killed, Linux tells the emulator to stop, and it saves its data.
    """
    if not emulator_python().exists():
        raise Failure("the emulator is not installed: run it through make, e.g. `make run`")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [emulator_python(), *_program()],
            env=_environment(port, state),
            cwd=log.parent,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=[lock.fileno()] if lock else [],
        )
    try:
        yield EmulatorProcess(process, f"http://{LOOPBACK}:{port}", log)
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS if state else 2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def empty_emulator() -> Iterator[EmulatorProcess]:
    """Run an emulator for tests and benchmarks, and forget its data after the block."""
    with tempfile.TemporaryDirectory() as folder, emulator(free_port(), Path(folder) / "emulator.log") as running:
        running.wait_ready()
        yield running


@contextmanager
def emulator_lock(path: Path) -> Iterator[IO[str]]:
    """Lock the file, also for the emulator, until both have ended: two emulators must not save to one folder.

    Wait while the emulator of an earlier run saves its data.
    """
    deadline = time.monotonic() + _STOP_SECONDS
    with path.open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise Failure("`make run` is already running in this folder") from None
                time.sleep(0.1)
        yield file


def _program() -> list[str]:
    if sys.platform != "linux":
        return ["-m", "ministack"]
    request = f"import ctypes, runpy; ctypes.CDLL(None).prctl({_SET_SIGNAL_OF_PARENTS_DEATH}, {signal.SIGTERM:d})"
    return ["-c", f"{request}; runpy.run_module('ministack', run_name='__main__')"]


def stop_with_parent() -> None:
    """Ask Linux to send SIGTERM to this process when the process that started it ends, even if it is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_SIGNAL_OF_PARENTS_DEATH, signal.SIGTERM)


def _environment(port: int, state: Path | None) -> dict[str, str]:
    listening = {"BIND_HOST": LOOPBACK, "MINISTACK_HOST": LOOPBACK, "GATEWAY_PORT": str(port)}
    quiet = {"IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0", "LOG_LEVEL": "WARNING"}
    here = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    kept = {}
    if state:
        kept = {"PERSIST_STATE": "1", "STATE_DIR": str(state), "S3_PERSIST": "1", "S3_DATA_DIR": str(state / "buckets")}
    return {**here, **listening, **quiet, "MINISTACK_REGION": REGION, **kept}


def client_environment(endpoint: str) -> dict[str, str]:
    """Return environment variables with which AWS clients use only the emulator, never AWS."""
    region = {"AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}
    guards = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull}
    credentials = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    return {"AWS_ENDPOINT_URL": endpoint, **region, **guards, **credentials}


def free_port() -> int:
    """Return a loopback port that is free now. Another process may take it before the caller binds it."""
    # A random choice of the system: with a seed that a test sets, several processes would choose the same port.
    return next(port for port in random.SystemRandom().sample(_PORTS, 100) if not is_taken(port))


def is_taken(port: int) -> bool:
    try:
        with socket.create_server((LOOPBACK, port)):
            return False
    except OSError:
        return True
