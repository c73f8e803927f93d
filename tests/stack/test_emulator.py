"""The emulator listens on loopback only, and stops with its starter."""

import http.server
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from chalicelib.jobs.model import START_DELAY
from stack.attach import deploy_to_emulator
from stack.console import Failure
from stack.emulator import JOB_DELAY, Emulator, emulator, start
from stack.package import Package
from stack.paths import ROOT
from stack.sockets import LOOPBACK, free_port, group_listeners, group_members

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("deploy")]


@pytest.fixture
def stranger() -> Iterator[int]:
    """The port of another server."""
    server = http.server.HTTPServer((LOOPBACK, 0), http.server.BaseHTTPRequestHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_emulator_and_functions_listen_on_loopback_only(running: Emulator, built: Package) -> None:
    stack = deploy_to_emulator(running.endpoint)
    subprocess.run(["curl", "-sf", "-o", os.devnull, f"{stack.api}/health"], check=True)
    listeners = running.listeners()
    assert running.port in {listener.port for listener in listeners}
    assert all(ip_address(listener.address).is_loopback for listener in listeners)
    assert len(group_members(running.process.pid)) > 1, "no function was running"


def test_a_taken_port_is_a_one_line_error(stranger: int) -> None:
    with pytest.raises(Failure) as refused:
        start(stranger)
    assert str(refused.value) == f"port {stranger} is taken; choose another"


def test_stopping_removes_processes_and_folder() -> None:
    with emulator() as started:
        assert started.is_alive()
    assert group_members(started.process.pid) == []
    assert not started.home.exists()


def test_the_emulator_stops_when_its_starter_is_killed() -> None:
    begin = "import time; from stack.emulator import start; started = start(); "
    tell = "print(started.process.pid, started.home, sep=chr(10), flush=True); time.sleep(60)"
    starter = subprocess.Popen([sys.executable, "-c", begin + tell], stdout=subprocess.PIPE, env=_environment())
    assert starter.stdout
    group = int(starter.stdout.readline())
    home = Path(starter.stdout.readline().decode().strip())
    assert home.is_dir()
    assert group_listeners(group)
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    starter.stdout.close()
    _wait_for(lambda: not group_members(group) and not home.exists())


def test_free_ports_are_free() -> None:
    with emulator(free_port()) as started:
        assert started.is_alive()


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < deadline, "not within 15 s"
        time.sleep(0.05)


def test_the_emulator_knows_when_a_job_begins() -> None:
    seconds = int(START_DELAY.total_seconds())
    assert seconds == JOB_DELAY
    assert f"FOR_JOBS = {seconds}\n" in (ROOT / "stack" / "strict" / "delays.py").read_text(encoding="utf-8")
