"""`make run`: run the whole site on this machine, with an emulated AWS and an email inbox."""

import asyncio
import fcntl
import json
import os
import shutil
import signal
import sys
import urllib.request
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path

from aiohttp import web

from stack.attach import Deployed, deploy_to_emulator
from stack.console import Failure, bold, dim, run_main, say
from stack.edge.local import PARAMETERS, applications as edge_applications
from stack.emulator import Emulator, emulator
from stack.front import application
from stack.manage import issue_token, load_petitions
from stack.paths import ENDPOINTS, LOCAL, STATE
from stack.sample_partner import sample_token, write_private
from stack.sockets import LOOPBACK, free_port, is_taken

_OLDEST_PYTHON = (3, 11)
_TOKEN_FILE = STATE / "staff-token"
_PARTNER_TOKEN_FILE = STATE / "partner-token"
_PORT_FILE = STATE / "port"


def run(port: int, fresh: bool, has_edge: bool) -> None:
    """Start the emulator and the site, serve until a signal, and stop both.

    `fresh`: delete the data of earlier runs first. `has_edge`: put the local CDN before the API, or else remove it.
    """
    _check_python_and_port(port)
    with _state_lock():
        _stop_on_signals()
        ENDPOINTS.unlink(missing_ok=True)  # After a crash, the file may name a site that no longer runs.
        if fresh:
            shutil.rmtree(STATE, ignore_errors=True)
        _make_private(STATE)
        say(dim("Starting the emulator and deploying to it ..."))
        with emulator(_emulator_port(), STATE) as running:
            parameters = PARAMETERS if has_edge else dict.fromkeys(PARAMETERS, "")
            stack = deploy_to_emulator(running.endpoint, f"http://{LOOPBACK}:{port}", parameters=parameters)
            load_petitions(stack)
            token = _staff_token(stack)
            partner_token = sample_token(stack.api, token, _PARTNER_TOKEN_FILE)
            with _endpoints_file(stack, token, partner_token):
                applications = _applications(running, stack, port, has_edge)
                asyncio.run(_serve(running, stack, applications, token))
        say(dim("Stopped. Signatures are kept. To delete them, use `make run FRESH=1`."))


def _check_python_and_port(port: int) -> None:
    if sys.version_info < _OLDEST_PYTHON:
        raise Failure("this needs Python 3.11 or newer")
    if not 0 < port < 65536:
        raise Failure(f"{port} is not a port: use a number from 1 to 65535, e.g. `make run PORT=8000`")
    if is_taken(port):
        raise Failure(f"port {port} is taken; choose another, e.g. `make run PORT={port + 1}`")


@contextmanager
def _state_lock() -> Iterator[None]:
    """Hold a lock, because two emulators must not save to one folder. Raise Failure if another run holds the lock."""
    LOCAL.mkdir(exist_ok=True)
    with (LOCAL / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failure("`make run` is already running in this folder") from None
        yield


def _stop_on_signals() -> None:
    """Treat SIGTERM and SIGHUP like Ctrl-C until `_serve` handles them, so that everything is stopped."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)


def _emulator_port() -> int:
    """Return and store a port: the previous run's, because stored queue URLs contain it; a free one if it is taken."""
    port = int(_PORT_FILE.read_text()) if _PORT_FILE.exists() else 0
    if port == 0 or is_taken(port):
        port = free_port()
    _PORT_FILE.write_text(str(port))
    return port


def _staff_token(stack: Deployed) -> str:
    """Return the previous run's staff token if it works. Otherwise return a new staff token."""
    if _TOKEN_FILE.exists() and _token_works(stack, _TOKEN_FILE.read_text()):
        return _TOKEN_FILE.read_text()
    token = issue_token(stack)
    write_private(_TOKEN_FILE, token)
    return token


def _token_works(stack: Deployed, token: str) -> bool:
    address = f"{stack.api}/api/staff/petitions"
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return bool(answer.status == 200)
    except OSError:  # Refused, or too slow.
        return False


@contextmanager
def _endpoints_file(stack: Deployed, token: str, partner_token: str) -> Iterator[None]:
    """Keep the site's addresses and tokens in `.local/endpoints.json` while the site runs."""
    endpoints = {
        "site": stack.site,
        "inbox": f"{stack.site}/_local/inbox",
        "emulator": stack.endpoint,
        "staff_token": token,
        "partner_token": partner_token,
    }
    write_private(ENDPOINTS, json.dumps(endpoints, indent=2) + "\n")
    try:
        yield
    finally:
        ENDPOINTS.unlink(missing_ok=True)


def _make_private(folder: Path) -> None:
    """Create the folder if it does not exist, and allow only its owner to open it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)


def _applications(running: Emulator, stack: Deployed, port: int, has_edge: bool) -> dict[int, web.Application]:
    """Return the web application for each port: the site, and if the site has a CDN, also the API behind the CDN."""
    archive = STATE / "inbox.jsonl"
    if has_edge:
        api_port = free_port()
        edge, api = edge_applications(stack, api_port, archive)
        return {api_port: api, port: edge}
    return {port: application(running.endpoint, stack.api, stack.origin_key(), archive)}


async def _serve(running: Emulator, stack: Deployed, applications: dict[int, web.Application], token: str) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as running_servers:
        for port, served in applications.items():
            runner = web.AppRunner(served, access_log=None, shutdown_timeout=2, auto_decompress=False)
            await runner.setup()
            running_servers.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, LOOPBACK, port).start()
        _print_addresses(stack, token)
        await _wait_for(stop, running)


async def _wait_for(stop: asyncio.Event, running: Emulator) -> None:
    while not stop.is_set():
        if not running.is_alive():
            raise Failure("the emulator stopped unexpectedly; start again with `make run`")
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), timeout=0.5)


def _print_addresses(stack: Deployed, token: str) -> None:
    counts = f"curl -H 'Authorization: Bearer {token}' {stack.site}/api/staff/petitions"
    say()
    say(f"  {bold('Form')}          {stack.site}/")
    say(f"  {bold('Inbox')}         {stack.site}/_local/inbox")
    say(f"  {bold('Staff')}         {stack.site}/staff, with the token {token}")
    say(f"  {bold('Staff counts')}  {counts}")
    say()
    say(dim("  Ctrl-C stops everything."))


def _port(text: str) -> int:
    """Return the port. If the text is not a number, return 0: `_check_python_and_port` then raises Failure."""
    return int(text) if text.isdecimal() else 0


def _main() -> None:
    parser = ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument("--port", type=_port, default=os.environ.get("PORT") or "8000")
    parser.add_argument("--fresh", action="store_true", help="delete what earlier runs stored")
    parser.add_argument("--edge", action="store_true", help="put the local CDN before the API")
    options = parser.parse_args()
    run(options.port, options.fresh, options.edge)


if __name__ == "__main__":
    run_main(_main)
