"""`manage.py ready` reads what the emulator answers, names what it could not read, and shows staff the result."""

import subprocess
import sys

from stack.manage import settings
from stack.paths import ROOT
from stack.ready.report import NOT_READY
from tests.deployed import SLUG, DeployedSite


def test_the_local_account_is_not_ready_for_1000_signatures_a_second(deployed_site: DeployedSite) -> None:
    command = [sys.executable, str(ROOT / "manage.py"), "ready", "--expect", "1000/s", "--for", "10min"]
    process = subprocess.run(
        command, env=settings(deployed_site.stack), capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert (process.returncode, process.stderr) == (NOT_READY, "")
    assert "first bottleneck   API Gateway's rate, for page views" in process.stdout
    assert "page views: a CDN before them" in process.stdout
    assert f"petitions.shards {SLUG}=10" in process.stdout
    assert "dns.spf: not read: add DNS=1 to query the name servers" in process.stdout
    # The emulator's tables have no warm throughput.
    assert "The usual quota is assumed for: table.warm_signatures" in process.stdout
    messages = [message["text"] for message in deployed_site.staff("/health").json()["messages"]]
    assert any(text.startswith("The site is not ready for 1,000 signatures a second") for text in messages)
