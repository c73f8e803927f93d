"""`manage.py ready` reads what the emulator answers, names what it could not read, and shows staff the result."""

import subprocess
import sys

import requests

from stack.attach import Deployed, deploy_to_emulator
from stack.emulator import emulator
from stack.manage import issue_token, load_petitions, settings
from stack.paths import ROOT
from stack.ready.report import NOT_READY
from tests.deployed import SLUG


def test_the_account_of_an_emulator_is_not_ready_for_1000_signatures_a_second() -> None:
    with emulator() as running:
        check_readiness(deploy_to_emulator(running.endpoint))


def check_readiness(stack: Deployed) -> None:
    load_petitions(stack)
    command = [sys.executable, str(ROOT / "manage.py"), "ready", "--expect", "1000/s", "--for", "10min"]
    process = subprocess.run(command, env=settings(stack), capture_output=True, text=True, check=False, cwd=ROOT)
    assert (process.returncode, process.stderr) == (NOT_READY, "")
    assert "first bottleneck   API Gateway's rate, for page views" in process.stdout
    assert "page views: a CDN before them" in process.stdout
    assert f"petitions.shards {SLUG}=10" in process.stdout
    assert "dns.spf: not read: add DNS=1 to query the name servers" in process.stdout
    # The emulator's tables have no warm throughput.
    assert "The usual quota is assumed for: table.warm_signatures" in process.stdout
    headers = {"Authorization": f"Bearer {issue_token(stack)}"}
    health = requests.get(f"{stack.api}/api/staff/health", headers=headers, timeout=60).json()
    messages = [message["text"] for message in health["messages"]]
    assert any(text.startswith("The site is not ready for 1,000 signatures a second") for text in messages)
