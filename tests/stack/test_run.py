"""`make run` in its own process with its own state: start, stop, and restart with all data."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stack.aws import Cloud
from stack.paths import ROOT
from stack.sockets import Listener, free_port, group_listeners, group_members
from tests.stack.supporter import Visitor, fetch, wait_for

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("run")]

SLUG = "support-trafficked-children"


@dataclass(frozen=True)
class LocalSite:
    """A running site and a visitor."""

    endpoints: dict[str, str]
    visitor: Visitor

    def counts(self) -> Any:
        """Return the counts of the petition, as staff read them."""
        return self.visitor.read(f"/api/staff/petitions/{SLUG}/counts", self.endpoints["staff_token"])

    def edge_domain(self) -> str:
        """Return the stack's parameter EdgeDomain; empty without a CDN."""
        [stack] = Cloud(self.endpoints["emulator"]).client("cloudformation").describe_stacks()["Stacks"]
        values = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
        return str(values["EdgeDomain"])


def visitor(site_url: str) -> Visitor:
    def mails() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(fetch(f"{site_url}/_local/inbox.json"))["mails"]
        return found

    return Visitor(site_url, mails)


def start_process(port: int, local: Path, *options: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "LOCAL_DIR": str(local), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-m", "stack.run", "--port", str(port), *options],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@contextmanager
def running_site(port: int, local: Path, *options: str) -> Iterator[LocalSite]:
    process = start_process(port, local, *options)
    try:
        yield _wait_until_ready(process, port, local)
    finally:
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=90)
    assert process.returncode == 0, output
    assert "Traceback" not in output


def _wait_until_ready(process: subprocess.Popen[str], port: int, local: Path) -> LocalSite:
    """Wait until the site listens. The file with its endpoints is written a moment earlier."""
    file = local / "endpoints.json"

    def has_started_or_ended() -> bool:
        has_ended = process.poll() is not None
        return file.exists() or has_ended

    wait_for(has_started_or_ended, 180)
    assert file.exists(), process.communicate()[0]
    endpoints = json.loads(file.read_text())
    listener = Listener("127.0.0.1", port)
    wait_for(lambda: listener in group_listeners(process.pid))
    return LocalSite(endpoints, visitor(endpoints["site"]))


def test_stopping_ends_every_process_and_a_restart_keeps_all_data(tmp_path: Path) -> None:
    port = free_port()
    with running_site(port, tmp_path) as first:
        first.visitor.sign(SLUG, "before@example.org")
        token = first.visitor.link("confirm", "before@example.org")
        group = _group_of_emulator(first)
    assert not (tmp_path / "endpoints.json").exists()
    assert group_members(group) == []
    with running_site(port, tmp_path) as second:
        assert second.endpoints == first.endpoints
        assert "before@example.org" in second.visitor.mails()[-1]["to"]
        second.visitor.press("confirm", token)
        assert second.counts()["confirmed"] == 1
        second.visitor.sign(SLUG, "after@example.org")
        second.visitor.link("confirm", "after@example.org")
        assert "local" in _output_in_shell("python manage.py token list", tmp_path)


def _output_in_shell(line: str, local: Path) -> str:
    """Return what the command prints in the shell of `make shell`."""
    environment = {**os.environ, "LOCAL_DIR": str(local), "PYTHONPATH": str(ROOT), "SHELL": "/bin/sh"}
    shell = [sys.executable, "-m", "stack.shell"]
    process = subprocess.run(shell, input=line, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    return process.stdout


def test_the_cdn_can_be_put_in_front_and_taken_away_again(tmp_path: Path) -> None:
    """`make run EDGE=1`, then `make run`: the same address, the same people."""
    port, page = free_port(), f"/petitions/{SLUG}"
    people = ["alice@example.org", "amina@example.org", "anwen@example.org"]
    cache_headers: list[str | None] = []
    domains: list[str] = []
    for person, options in zip(people, (["--edge"], [], ["--edge"]), strict=True):
        with running_site(port, tmp_path, *options) as site:
            emails_before = len(site.visitor.mails())
            assert emails_before == len(cache_headers)
            site.visitor.sign(SLUG, person)
            with urllib.request.urlopen(site.endpoints["site"] + page, timeout=60) as answer:
                cache_headers.append(answer.headers["X-Cache"])
            site.visitor.link("confirm", person)
            domains.append(site.edge_domain())
    assert cache_headers == ["Miss from cloudfront", None, "Miss from cloudfront"]
    # With a domain, the API's errors lead to pages that only a CDN has.
    assert domains == ["site.localhost", "", "site.localhost"]


def test_a_killed_site_keeps_the_signatures_of_five_seconds_before(tmp_path: Path) -> None:
    """After the next start, its emails are sent, its counts agree, and its scratch folder is removed."""
    port = free_port()
    people = [f"p{number}@example.org" for number in range(8)]
    process = start_process(port, tmp_path)
    first = _wait_until_ready(process, port, tmp_path)
    for person in people:
        first.visitor.sign(SLUG, person)
    time.sleep(5)
    group = _group_of_emulator(first)
    scratch = Path(f"/proc/{group}/cwd").readlink()
    for process_group in (process.pid, group):
        os.killpg(process_group, signal.SIGKILL)
    process.communicate()
    (tmp_path / "endpoints.json").unlink()
    with running_site(port, tmp_path) as site:
        assert not scratch.exists()
        for person in people:
            # If the kill came while an email was sent, its claim lasts a while, and its message returns after minutes.
            site.visitor.press("confirm", site.visitor.link("confirm", person, seconds=500))
        wait_for(lambda: site.counts()["pending"] == 0, 30)
        assert site.counts()["confirmed"] == len(people)
        kept = [path for path in tmp_path.rglob("*") if path.name != "run.lock"]
        assert [path for path in kept if _is_open_to_others(path, tmp_path)] == []


def _is_open_to_others(path: Path, top: Path) -> bool:
    """Return whether others may read the file, and may enter every folder on the way to it."""
    path_and_folders = [each for each in (path, *path.parents) if top in each.parents]
    return all(each.stat().st_mode & 0o077 for each in path_and_folders)


def _group_of_emulator(site: LocalSite) -> int:
    """Return the process group that listens on the emulator's port."""
    port = int(site.endpoints["emulator"].rpartition(":")[2])
    listener = Listener("127.0.0.1", port)
    groups = set()
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(ProcessLookupError):
            groups.add(os.getpgid(int(path.name)))
    return next(group for group in groups if listener in group_listeners(group))


def test_a_taken_port_is_a_one_line_error_without_a_traceback(tmp_path: Path) -> None:
    with _taken_port() as port:
        process = start_process(port, tmp_path)
        output, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert output == f"error: port {port} is taken; choose another, e.g. `make run PORT={port + 1}`\n"


@contextmanager
def _taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]
