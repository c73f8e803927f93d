"""The tool with which partners hash addresses. It is a copy of one file and needs no other file of this project."""

import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from chalicelib.core import address
from chalicelib.core.address import keyed_hash, read_address
from stack.contents import requirements
from stack.paths import ROOT
from tests.actors import ALICE, BOB

KEY = "0f" * 32
SOURCE = Path(address.__file__)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(SOURCE, tmp_path / "hash_addresses.py")
    (tmp_path / "key.txt").write_text(f"{KEY}\n")
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "hash_addresses.py", *arguments, "--key", "key.txt"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def our_hashes(*addresses: str) -> list[str]:
    key = bytes.fromhex(KEY)
    canonical_forms = [read_address(each).canonical for each in addresses]
    return sorted(keyed_hash(form, key).hex() for form in canonical_forms)


def test_the_tool_alone_writes_the_hashes_that_we_compute(folder: Path) -> None:
    lines = [ALICE.email, f"  {ALICE.email.upper()}", "", BOB.email, "nobody", "al.ice+x@googlemail.com"]
    (folder / "list.txt").write_text("\n".join(lines))
    done = run(folder, "list.txt")
    assert done.stdout.split() == our_hashes(ALICE.email, BOB.email, "alice@gmail.com")
    assert done.stderr == "3 different addresses\n1 without a valid address, in row 5\n"


def test_the_tool_reads_a_column_of_a_csv_file(folder: Path) -> None:
    (folder / "list.csv").write_text(f"Name,E-mail\nAlice,{ALICE.email}\n", encoding="utf-16")
    done = run(folder, "list.csv", "--column", "E-mail", "--encoding", "utf-16")
    assert done.stdout.split() == our_hashes(ALICE.email)
    (folder / "gaps.csv").write_text("Name,E-mail\n\nAlice\n\nBob,nobody\n")
    assert run(folder, "gaps.csv", "--column", "E-mail").stderr.endswith("2 without a valid address, in row 3, 5\n")
    refused = run(folder, "list.csv", "--column", "Post", "--encoding", "utf-16")
    assert refused.stderr == "There is no column Post. There are: Name, E-mail\n"


def test_the_tool_writes_an_ascii_file_on_every_system(folder: Path) -> None:
    (folder / "list.txt").write_text(f"{ALICE.email}\n{BOB.email}\n")
    done = run(folder, "list.txt", "--out", "hashes.txt")
    assert (done.stdout, done.stderr) == ("", "2 different addresses\n")
    expected = "".join(f"{each}\n" for each in our_hashes(ALICE.email, BOB.email))
    assert (folder / "hashes.txt").read_bytes() == expected.encode("ascii")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_a_key_that_windows_powershell_has_saved_is_read(folder: Path, encoding: str) -> None:
    (folder / "list.txt").write_text(ALICE.email)
    (folder / "key.txt").write_text(f"{KEY}\r\n", encoding=encoding)
    assert run(folder, "list.txt").stdout.split() == our_hashes(ALICE.email)


def test_another_key_makes_other_hashes(folder: Path) -> None:
    (folder / "list.txt").write_text(ALICE.email)
    first = run(folder, "list.txt").stdout
    (folder / "key.txt").write_text("0e" * 32)
    assert run(folder, "list.txt").stdout != first


def test_no_address_is_printed(folder: Path) -> None:
    (folder / "list.txt").write_text("alice@@mail.example\nalice.smith\n")
    done = run(folder, "list.txt")
    assert "alice" not in done.stdout + done.stderr


def test_the_tool_needs_the_libraries_that_we_use() -> None:
    header, _, _ = SOURCE.read_text(encoding="utf-8").partition("# ///\n")
    pinned = dict(re.findall(r'"([a-z-]+)==([0-9.]+)"', header))
    ours = requirements(ROOT / "requirements.txt")
    assert pinned["email-validator"] == ours["email-validator"]
    assert pinned["idna"] == version("idna")
