"""Run the provider as a separate process."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from stack.local.emulator import LOOPBACK, free_port

ROOT = Path(__file__).parents[2]


@contextmanager
def run_provider(redirect: str) -> Iterator[str]:
    """Run a provider, and yield its issuer."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tests.oidc.provider", str(port), folder, redirect]
        with subprocess.Popen(command, cwd=ROOT) as process:
            try:
                issuer = f"http://{LOOPBACK}:{port}/o"
                _wait_until_ready(issuer, process)
                yield issuer
            finally:
                process.terminate()


def _wait_until_ready(issuer: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "the provider ended"
        try:
            if requests.get(f"{issuer}/.well-known/openid-configuration", timeout=5).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise AssertionError("the provider is not ready after a minute")
