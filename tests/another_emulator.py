"""A second emulator of AWS, moto's server: LOCALSTACK=moto runs the flows on it (docs/emulator.md)."""

import html
import json
import os
import re
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from botocore.config import Config

from stack.console import Failure
from stack.local.emulator import LOOPBACK, free_port
from stack.paths import ROOT

IS_CHOSEN = os.environ.get("LOCALSTACK") == "moto"
_PYTHON = ROOT / ".venv-lint" / "bin" / "python"  # That of `make check`, which uses moto too.
# With moto's own command, which has many threads, a transaction takes back what others wrote meanwhile. So use one.
_PROGRAM = """
import sys
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple
run_simple(sys.argv[1], int(sys.argv[2]), DomainDispatcherApplication(create_backend_app))
"""
# A call may wait for others. A client that gave up would try again what moto still does.
PATIENT = Config(read_timeout=60) if IS_CHOSEN else Config()
_EMAILS = "/moto-api/data.json"
_LINK = re.compile(r"""<a\s[^>]*href=["']([^"']*)["'][^>]*>""")
_TAG = re.compile(r"<[^>]*>")


@contextmanager
def moto_server() -> Iterator[str]:
    """Run moto's server, and yield its URL."""
    port = free_port()
    command = [str(_PYTHON), "-W", "ignore", "-c", _PROGRAM, LOOPBACK, str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield _ready(process, f"http://{LOOPBACK}:{port}")
        finally:
            process.kill()


def _ready(process: subprocess.Popen[bytes], endpoint: str) -> str:
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError), urllib.request.urlopen(f"{endpoint}{_EMAILS}", timeout=5):
            return endpoint
        time.sleep(0.1)
    raise Failure("moto's server did not start")


def forget_all(endpoint: str) -> None:
    """Begin anew: moto answers a question for emails with all that it keeps, which takes seconds after a while."""
    with urllib.request.urlopen(f"{endpoint}/moto-api/reset", data=b"", timeout=60):
        pass


def emails_of_moto(endpoint: str) -> list[dict[str, Any]]:
    """Return the emails, oldest first. moto keeps an email's HTML, and not its text."""
    with urllib.request.urlopen(f"{endpoint}{_EMAILS}", timeout=10) as answer:
        kept = json.load(answer).get("ses", {}).get("Message", [])
    return [
        {"To": each["destinations"]["ToAddresses"], "Subject": each["subject"], "BodyText": _text(each["body"])}
        for each in kept
    ]


def _text(body: str) -> str:
    return html.unescape(_TAG.sub("", _LINK.sub(r" \1 ", body)))
