"""The emulator listens on loopback only, and stops with its starter."""

import http.server
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
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
from tests.stack.supporter import wait_for

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("deploy")]


@pytest.fixture
def taken_port() -> Iterator[int]:
    """The port on which another server listens."""
    server = http.server.HTTPServer((LOOPBACK, 0), http.server.BaseHTTPRequestHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_emulator_and_functions_listen_on_loopback_only(running_emulator: Emulator, local_package: Package) -> None:
    stack = deploy_to_emulator(running_emulator.endpoint)
    subprocess.run(["curl", "-sf", "-o", os.devnull, f"{stack.api}/health"], check=True)
    listeners = running_emulator.listeners()
    assert running_emulator.port in {listener.port for listener in listeners}
    for listener in listeners:
        assert ip_address(listener.address).is_loopback
    assert len(group_members(running_emulator.process.pid)) > 1, "no function was running"


def test_a_taken_port_is_a_one_line_error(taken_port: int) -> None:
    with pytest.raises(Failure) as refused:
        start(taken_port)
    assert str(refused.value) == f"port {taken_port} is taken; choose another"


def test_stopping_the_emulator_removes_its_processes_and_folder() -> None:
    with emulator() as started:
        assert started.is_alive()
    assert group_members(started.process.pid) == []
    assert not started.home.exists()


def test_the_emulator_stops_when_its_starter_is_killed() -> None:
    script = (
        "import time; from stack.emulator import start; started = start(); "
        "print(started.process.pid, started.home, sep=chr(10), flush=True); time.sleep(60)"
    )
    starter = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=_environment())
    assert starter.stdout
    group = int(starter.stdout.readline())
    home = Path(starter.stdout.readline().decode().strip())
    assert home.is_dir()
    assert group_listeners(group)
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    starter.stdout.close()

    def has_stopped() -> bool:
        has_processes = bool(group_members(group))
        return not has_processes and not home.exists()

    wait_for(has_stopped, 15)


def test_free_ports_are_free() -> None:
    with emulator(free_port()) as started:
        assert started.is_alive()


def test_a_free_port_is_none_that_the_system_gives_to_connections() -> None:
    """Otherwise a connection of another test may take it before the emulator has started."""
    given_to_connections = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    assert {free_port() < int(given_to_connections[0]) for _ in range(20)} == {True}


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def test_the_emulator_delays_jobs_as_long_as_the_project() -> None:
    seconds = int(START_DELAY.total_seconds())
    assert seconds == JOB_DELAY
    delays = (ROOT / "stack" / "strict" / "delays.py").read_text(encoding="utf-8")
    assert f"JOB_START_DELAY = {seconds}\n" in delays
