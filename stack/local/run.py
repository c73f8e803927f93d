"""`make run`: run the whole site on this machine, with an emulated AWS and an email inbox."""

import json
import os
import shutil
import signal
import sys
import threading
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from stack.console import Failure, bold, dim, run_main, say
from stack.local.emulator import (
    LOOPBACK,
    EmulatorProcess,
    client_environment,
    emulator,
    emulator_lock,
    free_port,
    is_taken,
    stop_with_parent,
)
from stack.paths import COMMAND_ENVIRONMENT, ENDPOINTS, LOCAL, ROOT, STATE

_TOKEN_FILE = STATE / "staff-token"
_PARTNER_TOKEN_FILE = STATE / "partner-token"
_PORT_FILE = STATE / "port"
_WATCHED = ("app.py", "chalicelib", "stack", "commands")


def run(options: Namespace) -> None:
    stop = _stop_on_signals()
    if options.with_parent:
        stop_with_parent()
    if options.emulator:
        _serve(options, options.emulator, stop, None)
        return
    _check_port(options.port)
    LOCAL.mkdir(exist_ok=True)
    with emulator_lock(LOCAL / "emulator.lock") as lock:
        ENDPOINTS.unlink(missing_ok=True)  # After a crash, the file may name a site that no longer runs.
        if options.fresh:
            shutil.rmtree(STATE, ignore_errors=True)
        _make_private(STATE)
        say(dim("Starting the emulator and the site ..."))
        with emulator(_emulator_port(), LOCAL / "emulator.log", STATE, lock) as running:
            if options.reload:
                _serve_and_reload(options.port, running)
            else:
                _serve(options, running.endpoint, stop, running)
        say(dim("Stopped. Signatures are kept. To delete them, use `make run FRESH=1`."))


def _check_port(port: int) -> None:
    if not 0 < port < 65536:
        raise Failure(f"{port} is not a port: use a number from 1 to 65535, e.g. `make run PORT=8000`")
    if is_taken(port):
        raise Failure(f"port {port} is taken; choose another, e.g. `make run PORT={port + 1}`")


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)


def _emulator_port() -> int:
    """Return and store a port: the previous run's, because stored queue URLs contain it; a free one if it is taken."""
    port = int(_PORT_FILE.read_text()) if _PORT_FILE.exists() else 0
    if port == 0 or is_taken(port):
        port = free_port()
    _PORT_FILE.write_text(str(port))
    return port


def _serve_and_reload(port: int, running: EmulatorProcess) -> None:
    """Serve from a process of its own, which starts again after each edit. The emulator goes on."""
    from watchfiles import run_process

    running.wait_ready()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # `run_process` waits for KeyboardInterrupt.
    command = f"{sys.executable} -m stack.local.run --with-parent --port {port} --emulator {running.endpoint}"
    run_process(*[ROOT / name for name in _WATCHED], target=command, target_type="command", sigint_timeout=30)


def _serve(options: Namespace, endpoint: str, stop: threading.Event, running: EmulatorProcess | None) -> None:
    os.environ |= client_environment(endpoint)
    # While these import the application, the emulator starts.
    import app
    from stack.local import lambda_api
    from stack.local.prepare import prepare
    from stack.local.resources import Resources
    from stack.local.site import RunningSite
    from stack.shell import queue_urls
    from stack.template.application import application_template

    url = f"http://{LOOPBACK}:{options.port}"
    services = {**client_environment(endpoint), lambda_api.VARIABLE: f"{url}{lambda_api.PATH}"}
    os.environ |= services
    parameters = {"SiteUrl": url, **dict(options.set)}
    template = application_template(app.app)
    if running:
        running.wait_ready()
    resources = Resources(template, endpoint, STATE / "secrets.json", parameters)
    # A site that was started again after an edit has read the emulator's stream before.
    site = RunningSite(resources, STATE / "inbox.jsonl", "TRIM_HORIZON" if running else "LATEST")
    if options.job_delay is not None:
        site.begin_jobs_after(options.job_delay)
    with site.serving(options.port, LOCAL / "site.log"):
        staff, partner = prepare(url, _TOKEN_FILE, _PARTNER_TOKEN_FILE)
        addresses = {"site": url, "inbox": f"{url}/_local/inbox", "emulator": endpoint}
        endpoints = {**addresses, "staff_token": staff, "partner_token": partner}
        commands = {**services, **resources.environment(), **queue_urls(resources.queue_urls())}
        with _private_files({COMMAND_ENVIRONMENT: commands, ENDPOINTS: endpoints}):
            _print_addresses(endpoints)
            while not stop.wait(0.5):
                if running:
                    running.check()


@contextmanager
def _private_files(contents: Mapping[Path, object]) -> Iterator[None]:
    """Keep these JSON files while the site runs."""
    for path, content in contents.items():
        draft = path.with_suffix(".draft")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(content, indent=2) + "\n")
        draft.replace(path)  # Whoever waits for the file then reads a whole one.
    try:
        yield
    finally:
        for path in contents:
            path.unlink(missing_ok=True)


def _print_addresses(endpoints: Mapping[str, str]) -> None:
    site, token = endpoints["site"], endpoints["staff_token"]
    say()
    say(f"  {bold('Form')}          {site}/")
    say(f"  {bold('Inbox')}         {site}/_local/inbox")
    say(f"  {bold('Staff')}         {site}/staff, with the token {token}")
    say(f"  {bold('Staff counts')}  curl -H 'Authorization: Bearer {token}' {site}/api/staff/petitions")
    say()
    say(dim("  Ctrl-C stops everything."))


def _setting(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value


def _main() -> None:
    parser = ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument("--port", type=int, default=os.environ.get("PORT") or "8000")
    parser.add_argument("--fresh", action="store_true", help="delete what earlier runs stored")
    parser.add_argument("--reload", action="store_true", help="start again after each edit of the code")
    parser.add_argument("--emulator", help="the URL of a running emulator to use, instead of starting one")
    parser.add_argument("--with-parent", action="store_true", help="stop when the process that started this one ends")
    parser.add_argument("--job-delay", type=int, help="seconds from the request of a job until it begins")
    parser.add_argument("--set", type=_setting, action="append", default=[], help="a template parameter: Name=value")
    run(parser.parse_args())


if __name__ == "__main__":
    run_main(_main)
