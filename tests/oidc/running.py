"""Run the provider as a separate process, and log in on its page."""

import re
import subprocess
import sys
import tempfile
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from secrets import token_urlsafe
from urllib.parse import parse_qs, urlsplit

import requests

from stack.local.emulator import LOOPBACK, free_port
from tests.oidc.people import PASSWORD

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


@dataclass(frozen=True)
class Attempt:
    """A sign-in: the secrets that the page makes and keeps, and the bodies that it sends."""

    verifier: str = field(default_factory=lambda: token_urlsafe(32))
    state: str = field(default_factory=lambda: token_urlsafe(32))
    nonce: str = field(default_factory=lambda: token_urlsafe(32))

    def sign_in_body(self) -> dict[str, str]:
        challenge = urlsafe_b64encode(sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        return {"code_challenge": challenge, "state": self.state, "nonce": self.nonce}

    def session_body(self, code: str) -> dict[str, str]:
        return {"code": code, "code_verifier": self.verifier, "nonce": self.nonce}


def log_in(url: str, name: str) -> dict[str, str]:
    """Log in on the provider's page and return the query that it redirects back to us with."""
    with requests.Session() as browser:
        page = browser.get(url, timeout=20)
        [token] = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        fields = {"username": name, "password": PASSWORD, "csrfmiddlewaretoken": token}
        answer = browser.post(page.url, fields, allow_redirects=False, timeout=20)
        answer = browser.get(
            requests.compat.urljoin(page.url, answer.headers["Location"]), allow_redirects=False, timeout=20
        )
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    return {key: values[0] for key, values in query.items()}
