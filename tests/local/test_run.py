"""`make run` in a process of its own, with a folder of its own: start, stop, restart, kill, edit."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from stack.local.emulator import free_port
from stack.local.process import LocalSite, local_site, start
from stack.paths import ROOT
from tests.emulated import eventually

pytestmark = pytest.mark.stack

SLUG = "support-trafficked-children"


def sign(site: LocalSite, email: str) -> None:
    body = {"name": "Alice", "email": email, "consent": {"sign": True}}
    answer = requests.post(f"{site.url}/api/petitions/{SLUG}/signatures", json=body, timeout=30)
    assert answer.status_code == 202, answer.text


def link_to_confirm(site: LocalSite, email: str) -> str:
    """Wait for the email and return the link in it."""

    def found() -> list[str]:
        mails = requests.get(f"{site.url}/_local/inbox.json", timeout=30).json()["mails"]
        texts = [mail["text"] for mail in mails if email in mail["to"]]
        return re.findall(r"\S*/confirm\?token=\S+", texts[0]) if texts else []

    return str(eventually(found, 20)[0])


def confirm(link: str) -> None:
    assert requests.get(link, timeout=30).status_code == 200
    assert requests.post(link, timeout=30).status_code == 200


def confirmed(site: LocalSite) -> int:
    headers = {"Authorization": f"Bearer {site.staff_token}"}
    answer = requests.get(f"{site.url}/api/staff/petitions/{SLUG}/counts", headers=headers, timeout=30)
    return int(answer.json()["confirmed"])


def test_stopping_ends_the_emulator_and_a_restart_keeps_all_data(tmp_path: Path) -> None:
    port = free_port()
    with local_site(tmp_path, port) as first:
        sign(first, "before@example.org")
        link = link_to_confirm(first, "before@example.org")
        sign(first, "at-the-end@example.org")
    assert not (tmp_path / "endpoints.json").exists()
    with pytest.raises(requests.ConnectionError):
        requests.get(first.endpoint, timeout=5)
    assert "Traceback" not in first.output.read_text()
    with local_site(tmp_path, port) as second:
        assert (second.endpoint, second.staff_token, second.partner_token) == (
            first.endpoint,
            first.staff_token,
            first.partner_token,
        )
        confirm(link)
        confirm(link_to_confirm(second, "at-the-end@example.org"))
        assert confirmed(second) == 2
        output = output_in_shell("python manage.py token list", tmp_path)
        assert "local" in output
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and path.parent != tmp_path]
    assert kept
    assert (tmp_path / "state").stat().st_mode & 0o077 == 0


def output_in_shell(line: str, local: Path) -> str:
    """Return what the command prints in the shell of `make shell`."""
    environment = {**os.environ, "LOCAL_DIR": str(local), "PYTHONPATH": str(ROOT), "SHELL": "/bin/sh"}
    shell = [sys.executable, "-m", "stack.shell"]
    process = subprocess.run(shell, input=line, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    return process.stdout


def test_the_emulator_of_a_killed_site_saves_its_data_and_ends(tmp_path: Path) -> None:
    """Linux tells the emulator that the process which started it has ended. The site has kept each email."""
    port = free_port()
    process = start(tmp_path, port)
    site = ready_site(tmp_path)
    sign(site, "alice@example.org")
    link = link_to_confirm(site, "alice@example.org")
    eventually((tmp_path / "state" / "inbox.jsonl").read_text, 5)
    process.kill()
    process.wait()
    (tmp_path / "endpoints.json").unlink()
    with local_site(tmp_path, port) as second:
        assert link_to_confirm(second, "alice@example.org") == link
        confirm(link)
        assert confirmed(second) == 1


def ready_site(folder: Path) -> LocalSite:
    eventually((folder / "endpoints.json").exists, 60)
    endpoints = json.loads((folder / "endpoints.json").read_text())
    tokens = endpoints["staff_token"], endpoints["partner_token"]
    return LocalSite(endpoints["site"], endpoints["emulator"], *tokens, {}, folder / "output")


def test_a_taken_port_and_a_second_run_are_one_line_errors(tmp_path: Path) -> None:
    with local_site(tmp_path) as site:
        port = int(site.url.rpartition(":")[2])
        taken = f"error: port {port} is taken; choose another, e.g. `make run PORT={port + 1}`\n"
        assert output_of_failed_start(tmp_path / "other", port) == taken
        second = output_of_failed_start(tmp_path, free_port())
        assert second == "error: `make run` is already running in this folder\n"


def output_of_failed_start(folder: Path, port: int) -> str:
    process = start(folder, port)
    assert process.wait(30) == 1
    return (folder / "output").read_text()


def test_an_edit_starts_the_application_again_and_keeps_its_data(tmp_path: Path) -> None:
    """The edit is a new time of a file of the application."""
    process = start(tmp_path, free_port(), "--reload")
    try:
        site = ready_site(tmp_path)
        sign(site, "alice@example.org")
        link = link_to_confirm(site, "alice@example.org")
        began = (tmp_path / "endpoints.json").stat().st_mtime_ns
        os.utime(ROOT / "app.py")
        file = tmp_path / "endpoints.json"
        eventually(lambda: file.exists() and file.stat().st_mtime_ns > began, 60)
        confirm(link)
        assert confirmed(site) == 1
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
