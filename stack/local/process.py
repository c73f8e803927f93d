"""Run the local site in a process of its own, for tests and benchmarks."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from stack.console import Failure
from stack.local.emulator import free_port
from stack.local.judging import FAULTS
from stack.paths import ROOT
from stack.shell import manage

_START_SECONDS, _STOP_SECONDS = 60.0, 40.0
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class LocalSite:
    """A running site. `settings`: the variables with which manage.py acts on it. `output`: what it printed."""

    url: str
    endpoint: str
    staff_token: str
    partner_token: str
    settings: Mapping[str, str]
    output: Path

    def set_faults(self, rates: Mapping[str, float]) -> Any:
        """Inject faults into the functions' calls of AWS. Return how often each fault happened until now, by name."""
        request = urllib.request.Request(f"{self.url}{FAULTS}", json.dumps(rates).encode(), method="PUT")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)["met"]

    def manage(self, *arguments: str) -> str:
        return manage(self.settings, *arguments)


@contextmanager
def local_site(
    folder: Path, port: int = 0, parameters: Mapping[str, str] = _NOTHING, job_delay: int | None = None
) -> Iterator[LocalSite]:
    """Run the site of `make run` until the block ends. A folder that has been used before has kept its data.

    `parameters`: of the template. `job_delay`: seconds from the request of a job until the job begins.
    """
    options = [f"--set={name}={value}" for name, value in parameters.items()]
    if job_delay is not None:
        options.append(f"--job-delay={job_delay}")
    process = start(folder, port or free_port(), *options)
    try:
        yield _wait(process, folder)
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def start(folder: Path, port: int, *options: str) -> subprocess.Popen[bytes]:
    """Start the process, which writes endpoints.json when the site is ready. It ends with this process."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "output").open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "stack.local.run", "--port", str(port), "--with-parent", *options],
            cwd=ROOT,
            env={**environment, "LOCAL_DIR": str(folder), "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def _wait(process: subprocess.Popen[bytes], folder: Path) -> LocalSite:
    endpoints_file = folder / "endpoints.json"
    deadline = time.monotonic() + _START_SECONDS
    while not endpoints_file.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise Failure(f"the local site did not start:\n{(folder / 'output').read_text()}")
        time.sleep(0.02)
    endpoints = json.loads(endpoints_file.read_text())
    settings = json.loads((folder / "state" / "environment.json").read_text())
    tokens = endpoints["staff_token"], endpoints["partner_token"]
    return LocalSite(endpoints["site"], endpoints["emulator"], *tokens, settings, folder / "output")
