"""Plant each bug of bugs.toml in a copy of the project, and note which test finds it first. Not part of CI.

A test finds a bug if it fails or hangs twice with the bug, and passes without the bug. "tests/conftest.py" as the test
means that pytest itself does not start.
"""

import argparse
import os
import re
import subprocess
import tomllib
from itertools import product
from pathlib import Path
from shutil import copy2, rmtree
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]
BUGS = Path(__file__).with_name("bugs.toml")
LINKED_FOLDERS = (".venv", ".venv-emulator", ".venv-lint", "node_modules")
MARKS = ("faults", "flows", "stack or e2e", "browser")
SUITES = {"unit": f"not ({' or '.join(MARKS)} or slow)", **{mark: f"({mark}) and not slow" for mark in MARKS}}
FAILED = re.compile(r"^(?:FAILED|ERROR) (tests/\S+?\.py(?:::\w+)?)", re.MULTILINE)
BROKEN = re.compile(r"(?:loading conftest '|File \").*/(tests/\S+?\.py)(?:'|\", line \d+ in (test_\w+))")
LIMIT = ("-o", "faulthandler_timeout=600", "-o", "faulthandler_exit_on_timeout=true")  # Seconds for each test.
# Without the tests of this folder, which fail because a planted bug no longer fits the code.
OPTIONS = ("-p", "no:cacheprovider", "--ignore=tests/planted")
PYTEST = (".venv/bin/python", "-m", "pytest", "-x", "-n0", "-rfE", *OPTIONS, *LIMIT)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.planted")
    parser.add_argument("--only", metavar="ID", action="append", help="plant this bug only; can be repeated")
    only = parser.parse_args().only
    bugs: list[dict[str, str]] = tomllib.loads(BUGS.read_text(encoding="utf-8"))["bug"]
    with TemporaryDirectory(prefix="planted-") as folder:
        clean = copy_project_to(Path(folder, "clean"))
        for bug in bugs:
            if not only or bug["id"] in only:
                copy = copy_project_to(Path(folder, bug["id"]))
                found = find_catching_test(bug, copy, clean)
                rmtree(copy)
                _write_result(bug["id"], found)
                print(f"{bug['id']:32}{found}", flush=True)


def copy_project_to(copy: Path) -> Path:
    """Copy the files that git knows, with their uncommitted changes."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = [name for name in listed.split("\0") if name]
    for name in names:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        copy2(ROOT / name, copy / name)
    for name in LINKED_FOLDERS:
        (copy / name).symlink_to((ROOT / name).resolve())
    return copy


def find_catching_test(bug: dict[str, str], copy: Path, clean: Path) -> str:
    """Plant the bug in the copy. Return the suite and the test that finds it, "missed", or "cannot be planted"."""
    file = copy / bug["file"]
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    if text.count(bug["find"]) != 1:
        return "cannot be planted"
    file.write_text(text.replace(bug["find"], bug["replace"]), encoding="utf-8")
    for (suite, marks), path in product(SUITES.items(), likely_first(bug)):
        found = first_failure(copy, clean, marks, path)
        if found:
            return f"{suite}: {found}"
    return "missed"


def likely_first(bug: dict[str, str]) -> list[str]:
    """Return where to look: the test that found the bug last time, the folder for the bug's file, and all tests."""
    places: list[str] = []
    file, _, test = bug["caught_by"].partition(": ")[2].partition("::")
    if (ROOT / file).is_file() and f"def {test}(" in (ROOT / file).read_text(encoding="utf-8"):
        places.append(f"{file}::{test}")
    capability = bug["file"].removeprefix("chalicelib/").partition("/")[0]
    if (ROOT / "tests" / capability).exists():
        places.append(f"tests/{capability}")
    return [*places, "tests"]


def first_failure(copy: Path, clean: Path, marks: str, path: str) -> str | None:
    """Return the first test that fails twice in the copy and passes in the clean copy."""
    ignored: list[str] = []
    while found := _first_failed(copy, marks, path, *ignored):
        if _first_failed(copy, marks, found) and not _first_failed(clean, marks, found):
            return found
        print(f"does not always fail with the bug, or fails without it: {found}", flush=True)
        ignored.append(f"--deselect={found}")
    return None


def _first_failed(copy: Path, marks: str, *more: str) -> str | None:
    environment = {**os.environ, "PYTHONPATH": ".", "PYTHONDONTWRITEBYTECODE": "1"}
    run = subprocess.run([*PYTEST, "-m", marks, *more], cwd=copy, env=environment, capture_output=True, text=True)
    failed = FAILED.search(run.stdout) or BROKEN.search(run.stderr)
    if failed:
        file_and_test = [part for part in failed.groups() if part]
        return "::".join(file_and_test)
    if run.returncode not in (0, 5):  # 5: no test selected.
        raise RuntimeError(f"pytest ended with {run.returncode}: {run.stdout[-1000:]}{run.stderr[-1000:]}")
    return None


def _write_result(bug_id: str, found: str) -> None:
    entry = re.compile(rf'(id = "{bug_id}"\n.*?\ncaught_by = )"[^"]*"', re.DOTALL)
    BUGS.write_text(entry.sub(rf'\1"{found}"', BUGS.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
