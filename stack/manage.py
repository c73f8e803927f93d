"""Run the commands of `manage.py` on the stack that the environment names, each in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping

from stack.console import Failure
from stack.paths import ROOT


def manage(environment: Mapping[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        env={"PATH": os.environ.get("PATH", os.defpath), **environment},
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise Failure(f"manage.py {' '.join(arguments[:2])}: {lines[-1] if lines else 'no reason given'}")
    return done.stdout.strip()
