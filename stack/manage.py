"""Run the commands of `manage.py` on a deployed stack, each in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Protocol

from stack.console import Failure
from stack.local.emulator import client_environment
from stack.paths import PETITIONS, ROOT


class Stack(Protocol):
    @property
    def endpoint(self) -> str: ...

    def environment(self) -> dict[str, str]: ...

    def secrets(self) -> dict[str, str]: ...


def manage(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        env={"PATH": os.environ.get("PATH", os.defpath), **environment},
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    if done.returncode:
        output = done.stderr or done.stdout
        lines = output.strip().splitlines()
        reason = lines[-1] if lines else "no reason given"
        raise Failure(f"manage.py {' '.join(arguments[:2])}: {reason}")
    return done.stdout.strip()


def settings(stack: Stack) -> dict[str, str]:
    """Return environment variables with which a command acts only on this emulated stack, never on AWS."""
    return {**client_environment(stack.endpoint), **stack.environment(), **stack.secrets()}


def load_petitions(stack: Stack, folder: Path = PETITIONS) -> None:
    files = sorted(str(path) for path in folder.glob("*.toml"))
    if files:
        manage(settings(stack), "petition", "load", *files)


def issue_token(stack: Stack, owner: str = "local", rights: str = "counts,manage,export,people") -> str:
    return manage(settings(stack), "token", "issue", "--owner", owner, "--rights", rights)
