"""What make refuses to do, and what it says of known vulnerabilities."""

import os
import subprocess
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).parents[2] / "Makefile"


def make(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "--silent", "-f", str(MAKEFILE), "-C", str(folder), *words]
    environment = {**os.environ, "MAKEFLAGS": ""}  # `make unit`, which runs these tests, sets flags for other makes.
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", [".venv", ".venv-emulator", ".venv-lint"])
def test_make_does_not_clear_the_folder_that_a_linked_environment_points_to(tmp_path: Path, name: str) -> None:
    for file in ("requirements.txt", "stack/run-requirements.txt"):
        path = tmp_path / file
        path.parent.mkdir(exist_ok=True)
        path.touch()
    (tmp_path / name).symlink_to(tmp_path / "elsewhere")
    # `true` in place of Python: even without the check, nothing is installed.
    made = make(tmp_path, "PYTHON=true", ".venv/run")
    assert made.returncode != 0
    assert made.stderr.startswith(f"error: {name} is a symbolic link: remove the link, and run make again")


@pytest.mark.parametrize(
    ("says", "code", "text"),
    [
        ("Found 2 known vulnerabilities in 1 package", 2, "Found 2"),
        ("ConnectionError: api.osv.dev", 0, "NOTHING WAS CHECKED for known vulnerabilities: ConnectionError"),
    ],
)
def test_a_vulnerability_fails_and_a_service_without_answer_is_named(
    tmp_path: Path, says: str, code: int, text: str
) -> None:
    audit = tmp_path / ".venv-lint" / "bin" / "pip-audit"
    for folder in (audit.parent, tmp_path / ".local" / "build" / "lint"):
        folder.mkdir(parents=True)
    audit.write_text(f"#!/bin/sh\necho '{says}' >&2; exit 1\n")
    audit.chmod(0o755)
    made = make(tmp_path, "--eval", "audit: ; @$(AUDIT)", "audit")
    assert made.returncode == code
    assert text in made.stdout
